// The replicas of one remote source: URLs with a bar between each two, and for each name all of its addresses. One is used until it
// fails; which one comes first is chance, so that a fleet spreads over them.

import { isIP } from "node:net";
import { dnsPromises } from "../util/lazy-builtin.ts";

export interface Replica {
  readonly url: string;
  /** IP address for the name in the URL; "" when the name is looked up at each connection. */
  readonly address: string;
}

/** Names are looked up again after this time, and after every failure. */
const LOOKUP_MS = 30_000;
/** A name that has no answer by then is used as it is. */
const LOOKUP_LIMIT_MS = 2000;

/** The IP addresses of a name. */
type LookUp = (host: string) => Promise<readonly string[]>;

async function allAddresses(host: string): Promise<readonly string[]> {
  return (await dnsPromises().lookup(host, { all: true })).map(({ address }) => address);
}

export class RouteReplicas {
  readonly #urls: readonly string[];
  readonly #isLookedUp: boolean;
  readonly #lookUp: LookUp;
  #known: readonly Replica[] = [];
  #lookupDue = 0;
  #current: Replica | null = null;

  /** `urls`: with bars. `env` holds HTTP_PROXY and its like: behind a proxy names are not ours to look up. */
  constructor(urls: string, env: NodeJS.ProcessEnv, lookUp: LookUp = allAddresses) {
    this.#urls = urls.split("|");
    this.#lookUp = lookUp;
    this.#isLookedUp = !["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"].some((name) => env[name]);
  }

  /** All replicas, the one in use first; it is looked for among them again when names have other addresses by now. */
  async list(): Promise<readonly Replica[]> {
    if (performance.now() >= this.#lookupDue) {
      this.#known = (await Promise.all(this.#urls.map((url) => this.#addresses(url)))).flat();
      this.#lookupDue = performance.now() + LOOKUP_MS;
    }
    const at = this.#known.findIndex((one) => one.url === this.#current?.url && one.address === this.#current.address);
    const first = at < 0 ? Math.floor(Math.random() * this.#known.length) : at;
    return [...this.#known.slice(first), ...this.#known.slice(0, first)];
  }

  /** How many are known by now. */
  get count(): number {
    return this.#known.length;
  }

  /** The replica worked. */
  use(replica: Replica): void {
    this.#current = replica;
  }

  /** Some replica did not: perhaps it has another address now. */
  failed(): void {
    this.#lookupDue = 0;
  }

  async #addresses(url: string): Promise<readonly Replica[]> {
    const plain = [{ url, address: "" }];
    const host = URL.parse(url)?.hostname ?? "";
    if (!this.#isLookedUp || host === "" || host.startsWith("[") || isIP(host) !== 0) return plain;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<readonly Replica[]>((resolve) => {
      timer = setTimeout(() => resolve(plain), LOOKUP_LIMIT_MS);
    });
    const found = this.#lookUp(host).then(
      (addresses) => (addresses.length < 2 ? plain : addresses.map((address) => ({ url, address }))),
      () => plain,
    );
    const result = await Promise.race([found, late]);
    clearTimeout(timer);
    return result;
  }
}
