// The change over between the servers and the cluster, with both as stand-ins and the timers of the test.

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import { RecordingHost } from "../../test/support/recording-host.ts";
import { makeRoute, type Route, shuntBackend } from "../eskip/route.ts";
import type { DataClientHost } from "../spec/data-client.ts";
import { type FallbackOptions, type OtherSource, RouteFallback, type ServedSource } from "./route-fallback.ts";
import type { KeptTable } from "./routes-cache.ts";
import type { ServerObserver } from "./routes-url.ts";
import { TableAge } from "./table-age.ts";
import { parseVersions } from "./table-versions.ts";

function write(host: DataClientHost, ids: readonly string[], initial = true): void {
  host.apply(initial, (transaction) => {
    if (initial) transaction.reset();
    for (const id of ids) transaction.upsert(makeRoute({ id, backend: shuntBackend }));
  });
}

/** The servers, whose answers a test gives. */
class Servers implements ServedSource {
  readonly name = "eskipfile-remote";
  readonly url = "http://servers";
  readonly age = new TableAge();
  versions = parseVersions("ingresses=10");
  fleet = 0;
  ids: readonly string[] = [];
  /** What the first download finds. */
  isUp = true;
  observer: ServerObserver | null = null;
  host: DataClientHost | null = null;
  kept: () => KeptTable | null = () => null;

  observe(observer: ServerObserver): void {
    this.observer = observer;
  }

  async start(host: DataClientHost): Promise<void> {
    this.host = host;
    if (this.isUp) this.answer("a");
    else this.fail();
  }

  stop(): void {
    this.host = null;
  }

  deliver(host: DataClientHost): void {
    write(host, this.ids);
  }

  keep(table: () => KeptTable | null): void {
    this.kept = table;
  }

  answer(...ids: readonly string[]): void {
    this.ids = ids;
    write(this.host!, ids);
    this.age.confirm("routes-url");
    this.observer!.answered();
  }

  fail(): void {
    this.observer!.silent("refused");
    this.host!.failed(true, "refused");
  }
}

/** The cluster, one for each time. */
class Cluster implements OtherSource {
  host: DataClientHost | null = null;
  stopped = false;
  seen = "ingresses=10";
  /** Null: amid a delivery. */
  all: readonly Route[] | null = null;
  readonly client = {
    name: "kubernetes",
    start: (host: DataClientHost) => {
      this.host = host;
      return this.#first.promise;
    },
    stop: () => {
      this.stopped = true;
    },
  };
  readonly #first = Promise.withResolvers<void>();

  versions(): string {
    return this.seen;
  }

  isInStep(): boolean {
    return true;
  }

  routes(): readonly Route[] | null {
    return this.all;
  }

  deliver(...ids: readonly string[]): void {
    write(this.host!, ids);
    this.#first.resolve();
  }

  fail(): void {
    this.host!.failed(true, "no API");
    this.#first.resolve();
  }
}

let servers: Servers;
let host: RecordingHost;
let opened: Cluster[];
let lines: string[];
let source: RouteFallback;

function make(more: Partial<FallbackOptions> = {}): RouteFallback {
  const line = (message: string): void => void lines.push(message);
  source = new RouteFallback({
    served: servers,
    open: () => {
      opened.push(new Cluster());
      return opened.at(-1)!;
    },
    afterMs: 60_000,
    perSecond: 5,
    fleet: 100,
    random: () => 0.5,
    log: { info: line, warn: line, error: line },
    ...more,
  });
  return source;
}

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout"] });
  servers = new Servers();
  host = new RecordingHost();
  opened = [];
  lines = [];
});
afterEach(() => {
  source.stop();
  mock.timers.reset();
});

const ids = () => [...host.routes.keys()].join();

describe("servers that fall silent", () => {
  beforeEach(() => make().start(host));

  test("are replaced by the cluster after the time and a turn, and the last table stays until then", () => {
    servers.fail();
    mock.timers.tick(59_999);
    servers.fail();
    mock.timers.tick(1);
    mock.timers.tick(9_999);
    assert.equal(opened.length, 0);
    mock.timers.tick(1);
    assert.equal(opened.length, 1);
    assert.equal(ids(), "a");
    opened[0]!.deliver("a", "b");
    assert.equal(ids(), "a,b");
    assert.equal(source.age.source, "kubernetes");
    write(opened[0]!.host!, ["c"], false);
    assert.equal(ids(), "a,b,c");
  });

  test("are silent from the first failure behind an answer on", () => {
    servers.fail();
    mock.timers.tick(50_000);
    servers.answer("a");
    servers.fail();
    mock.timers.tick(60_000);
    assert.equal(opened.length, 0);
    mock.timers.tick(10_000);
    assert.equal(opened.length, 1);
  });

  test("take their place again with the next answer, and the next silence opens the cluster anew", () => {
    servers.fail();
    mock.timers.tick(60_000);
    mock.timers.tick(10_000);
    opened[0]!.deliver("a", "b");
    servers.answer("a", "s");
    assert.equal(ids(), "a,s");
    assert.equal(host.transactions.at(-1)!.initial, true);
    assert.equal(source.age.source, "routes-url");
    assert.ok(opened[0]!.stopped);
    // What is still on its way from there is not for the table any more.
    opened[0]!.deliver("late");
    assert.equal(ids(), "a,s");
    servers.fail();
    mock.timers.tick(60_000);
    mock.timers.tick(10_000);
    assert.equal(opened.length, 2);
  });

  test("come back while the cluster has not been read yet: nothing changes hands", () => {
    servers.fail();
    mock.timers.tick(60_000);
    mock.timers.tick(10_000);
    const before = host.transactions.length;
    servers.answer("a");
    assert.ok(opened[0]!.stopped);
    opened[0]!.deliver("b");
    assert.equal(ids(), "a");
    assert.equal(host.transactions.length, before + 1);
  });

  test("keep their table while the API shows an older cluster, which is asked again", () => {
    servers.fail();
    mock.timers.tick(60_000);
    mock.timers.tick(10_000);
    opened[0]!.seen = "ingresses=9, services=9";
    opened[0]!.deliver("old");
    assert.equal(ids(), "a");
    assert.ok(opened[0]!.stopped);
    mock.timers.tick(60_000);
    mock.timers.tick(10_000);
    opened[1]!.deliver("new");
    assert.equal(ids(), "new");
  });

  test("keep their table when the cluster cannot be opened, which is tried again", () => {
    let problem = "no token";
    source.stop();
    make({
      open: () => {
        if (problem !== "") throw new Error(problem);
        opened.push(new Cluster());
        return opened[0]!;
      },
    });
    void source.start(host);
    servers.fail();
    mock.timers.tick(60_000);
    mock.timers.tick(10_000);
    assert.ok(lines.includes("routes cannot be read from the cluster: no token"), lines.join("\n"));
    problem = "";
    mock.timers.tick(60_000);
    mock.timers.tick(10_000);
    opened[0]!.deliver("b");
    assert.equal(ids(), "b");
  });

  test("have the table of the cluster kept in place of theirs, as it is when it is at rest", () => {
    servers.fail();
    mock.timers.tick(60_000);
    mock.timers.tick(10_000);
    const [cluster] = opened;
    cluster!.deliver("b", "a");
    assert.equal(servers.kept(), null);
    cluster!.seen = "ingresses=12";
    cluster!.all = ["b", "a"].map((id) => makeRoute({ id, backend: shuntBackend }));
    const { text, ...rest } = servers.kept()!;
    assert.deepEqual(rest, { etag: "", versions: "ingresses=12" });
    assert.equal(Buffer.from(text.read(0, text.length)).toString(), "a: * -> <shunt>;\nb: * -> <shunt>;");
  });

  test("are told how far the cluster was seen meanwhile, and only meanwhile", () => {
    assert.equal(servers.observer!.versions().size, 0);
    servers.fail();
    mock.timers.tick(60_000);
    mock.timers.tick(10_000);
    opened[0]!.seen = "ingresses=12";
    opened[0]!.deliver("b");
    assert.equal(servers.observer!.versions().get("ingresses"), 12);
    servers.answer("b");
    assert.equal(servers.observer!.versions().size, 0);
  });
});

describe("a start while no server answers", () => {
  beforeEach(() => {
    servers.isUp = false;
  });

  const turn = async (start: Promise<void>): Promise<void> => {
    // The source is asked first.
    await Promise.resolve();
    await Promise.resolve();
    mock.timers.tick(10_000);
    await Promise.race([start, Promise.resolve()]);
  };

  test("takes the routes of the cluster without waiting for the time of silence", async () => {
    const start = make().start(host);
    await turn(start);
    opened[0]!.deliver("b");
    await start;
    assert.equal(ids(), "b");
  });

  test("goes on from a table of the disk, and the cluster follows later", async () => {
    const loads = servers.start.bind(servers);
    servers.start = async (given) => {
      await loads(given);
      write(given, ["disk"]);
      servers.age.confirm("cache-file", 0);
    };
    await make().start(host);
    assert.equal(ids(), "disk");
    mock.timers.tick(60_000);
    mock.timers.tick(10_000);
    assert.equal(opened.length, 1);
    opened[0]!.fail();
    assert.equal(ids(), "disk");
    opened[0]!.deliver("b");
    assert.equal(ids(), "b");
  });

  test("fails with both reasons when the cluster cannot be read either", async () => {
    const start = make().start(host);
    await turn(start);
    opened[0]!.fail();
    await assert.rejects(
      start,
      /^Error: error while loading routes from url http:\/\/servers: refused; fallback: no API$/,
    );
    assert.ok(opened[0]!.stopped);
  });

  test("that is given up leaves no timer", async () => {
    const start = make().start(host);
    source.stop();
    await start;
    mock.timers.tick(1_000_000);
    assert.equal(opened.length, 0);
  });

  test("takes the routes of a server that comes first", async () => {
    const start = make().start(host);
    await Promise.resolve();
    servers.answer("a");
    await start;
    mock.timers.tick(1_000_000);
    assert.equal(opened.length, 0);
  });
});

describe("the budget", () => {
  for (const [title, fleet, told, proxies, seconds] of [
    ["of the size of the fleet that the servers told", 0, 200, 200, 40],
    ["of the size that a flag tells", 100, 1000, 100, 20],
    ["of an unknown fleet", 0, 0, 300, 60],
  ] as const) {
    test(`spreads the beginnings over its time, ${title}`, async () => {
      const fleetOf = await Promise.all(
        Array.from({ length: proxies }, async (_, i) => {
          const servers = new Servers();
          servers.fleet = told;
          // Any even spread will do for chance.
          const one = make({ served: servers, fleet, random: () => (i * 0.618_034) % 1 });
          await one.start(new RecordingHost());
          return { servers, one };
        }),
      );
      for (const { servers } of fleetOf) servers.fail();
      mock.timers.tick(60_000);
      const begun: number[] = [];
      for (let second = 0; second < seconds + 1; second++) {
        const before = opened.length;
        mock.timers.tick(1000);
        begun.push(opened.length - before);
      }
      for (const { one } of fleetOf) one.stop();
      assert.equal(opened.length, proxies);
      assert.ok(Math.max(...begun) <= 5 + 2, `begun in each second: ${begun}`);
      assert.ok(
        begun.slice(0, seconds).every((count) => count > 0),
        `begun in each second: ${begun}`,
      );
    });
  }
});
