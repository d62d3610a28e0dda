// The clients of a soak. Each actor does one piece of its work when it is called, tells the ledger how that went and never throws;
// the run calls it again after its pause. Whatever an actor does not await may not outlive its call.

import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { WebSocket } from "ws";
import { largeBytes } from "./soak-backends.ts";

/** Where an actor tells how its work went. */
export interface Outcome {
  done(work: string): void;
  fail(work: string, reason: string): void;
}

export interface Actor {
  readonly work: string;
  /** How many of it run side by side. */
  readonly copies: number;
  /** Milliseconds between the end of one piece of work and the next. */
  readonly pauseMs: number;
  act(port: number, ledger: Outcome): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly bytes: number;
  readonly hash: string;
}

/** No piece of work may take longer; the slowest, ten megabytes read slowly, needs a fraction of it. */
const limitMs = 30_000;

interface Ask {
  readonly path: string;
  readonly agent?: http.Agent;
  readonly body?: readonly Buffer[];
  readonly chunked?: boolean;
}

/** One request; rejects when the answer breaks off or does not come in time. */
function ask(port: number, { path, agent, body, chunked }: Ask): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers: Record<string, string | number> = { Host: "soak.example.org" };
    if (body !== undefined && !chunked) headers["Content-Length"] = body.reduce((sum, part) => sum + part.length, 0);
    const request = http.request({
      host: "127.0.0.1",
      port,
      path,
      agent: agent ?? false,
      method: body ? "POST" : "GET",
      headers,
      timeout: limitMs,
    });
    request.on("timeout", () => request.destroy(new Error("no answer in time")));
    request.on("error", reject);
    request.on("response", (response) => {
      const hash = createHash("sha256");
      let bytes = 0;
      response.on("data", (data: Buffer) => {
        bytes += data.length;
        hash.update(data);
      });
      response.on("error", reject);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, bytes, hash: hash.digest("hex") }));
    });
    if (body === undefined) request.end();
    else Readable.from(body).pipe(request);
  });
}

/** Does a piece of work and enters it: `check` gives what is wrong with the answer, or "". */
async function enter(work: string, ledger: Outcome, piece: () => Promise<string>): Promise<void> {
  const limit = new AbortController();
  try {
    const late = delay(limitMs, `not done after ${limitMs / 1000} s`, { signal: limit.signal });
    const wrong = await Promise.race([piece(), late.catch(() => "")]);
    if (wrong === "") ledger.done(work);
    else ledger.fail(work, wrong);
  } catch (error) {
    ledger.fail(work, error instanceof Error ? error.message : String(error));
  } finally {
    limit.abort();
  }
}

let serial = 0;

function getActor(work: string, agent: http.Agent | undefined, copies: number, pauseMs: number): Actor {
  return {
    work,
    copies,
    pauseMs,
    act: (port, ledger) =>
      enter(work, ledger, async () => {
        const path = `/steady/${serial++}`;
        const answer = await ask(port, agent === undefined ? { path } : { path, agent });
        const hash = createHash("sha256").update(path).digest("hex");
        return answer.status === 200 && answer.hash === hash ? "" : `status ${answer.status}, ${answer.bytes} bytes`;
      }),
  };
}

function postActor(work: string, sizes: readonly number[], chunked: boolean, copies: number, pauseMs: number): Actor {
  const agent = new http.Agent({ keepAlive: true, maxSockets: copies });
  return {
    work,
    copies,
    pauseMs,
    act: (port, ledger) =>
      enter(work, ledger, async () => {
        const size = sizes[serial++ % sizes.length]!;
        const part = randomBytes(Math.min(size, 64 * 1024));
        const body = Array.from({ length: Math.ceil(size / (64 * 1024)) }, () => part);
        const hash = createHash("sha256");
        for (const one of body) hash.update(one);
        const answer = await ask(port, { path: "/steady/echo", agent, body, chunked });
        return answer.status === 200 && answer.hash === hash.digest("hex")
          ? ""
          : `status ${answer.status}, ${answer.bytes} bytes`;
      }),
  };
}

const flakyStatuses = [200, 502, 503, 504];

/** Its backend comes and goes: an answer is due all the same, and a broken one only when the backend broke inside it. */
const flaky: Actor = {
  work: "backend that dies and comes back",
  copies: 4,
  pauseMs: 20,
  act(port, ledger) {
    return enter(this.work, ledger, async () => {
      const { status } = await ask(port, { path: `/flaky/${serial++}` });
      return flakyStatuses.includes(status) ? "" : `status ${status}`;
    });
  },
};

/** Reads 10 MB, at most 512 kB in a quarter of a second. */
const slowReader: Actor = {
  work: "slow reader",
  copies: 8,
  pauseMs: 100,
  act(port, ledger) {
    return enter(this.work, ledger, async () => {
      const request = http.get({
        host: "127.0.0.1",
        port,
        path: "/steady/large",
        headers: { Host: "soak.example.org" },
        agent: false,
      });
      const [response] = (await once(request, "response")) as [http.IncomingMessage];
      let bytes = 0;
      let sincePause = 0;
      for await (const data of response) {
        bytes += (data as Buffer).length;
        sincePause += (data as Buffer).length;
        if (sincePause < 512 * 1024) continue;
        sincePause = 0;
        await delay(250);
      }
      return bytes === largeBytes ? "" : `${bytes} bytes`;
    });
  },
};

/** Goes away at some point of an exchange: inside the head, before the answer, inside the body. */
const aborting: Actor = {
  work: "client that goes away",
  copies: 4,
  pauseMs: 30,
  act(port, ledger) {
    return enter(this.work, ledger, async () => {
      const head = "GET /steady/large HTTP/1.1\r\nHost: soak.example.org\r\n\r\n";
      const socket = net.connect(port, "127.0.0.1");
      socket.on("error", () => socket.destroy());
      await once(socket, "connect");
      socket.resume();
      socket.write(serial++ % 3 === 0 ? head.slice(0, 20) : head);
      await delay(serial % 40);
      socket.destroy();
      return "";
    });
  },
};

const webSocket: Actor = {
  work: "WebSocket",
  copies: 4,
  pauseMs: 50,
  act(port, ledger) {
    return enter(this.work, ledger, async () => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, { perMessageDeflate: false });
      try {
        await once(socket, "open");
        const closed = once(socket, "close");
        for (let i = 0; i < 20; i++) {
          const message = randomBytes(1 + ((serial++ * 997) % 70_000));
          const answered = once(socket, "message") as Promise<[Buffer]>;
          socket.send(message);
          const [echo] = await Promise.race([answered, closed]);
          if (!(echo instanceof Buffer)) return "closed before the echo came";
          if (!message.equals(echo)) return `message of ${message.length} bytes came back with ${echo.length}`;
          await delay(10);
        }
        socket.close();
        await closed;
        return "";
      } finally {
        socket.terminate();
      }
    });
  },
};

export const actors: readonly Actor[] = [
  getActor("request on a kept connection", new http.Agent({ keepAlive: true, maxSockets: 16 }), 16, 40),
  getActor("request on a connection of its own", undefined, 2, 40),
  postActor("small body", [0, 1, 1000, 65_536], false, 4, 50),
  postActor("chunked body", [1000, 200_000], true, 2, 100),
  postActor("large body", [5_000_000], false, 1, 300),
  flaky,
  slowReader,
  aborting,
  webSocket,
];
