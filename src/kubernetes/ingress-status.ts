// Writes the addresses of one Service into the status of Ingresses (spec kubernetes 12). Every proxy of a cluster does, so each waits
// a random time first and then looks whether the status is still another: mostly one of them has written, and the rest need not.

import type { Logger } from "../observability/log.ts";
import type { ApiClient } from "./api-client.ts";
import type { ClusterState, SourceKey } from "./cluster-state.ts";
import type { Address, Ingress } from "./objects.ts";
import { endpointAddresses, sliceAddresses, statusAddresses } from "./service-addresses.ts";

export interface IngressStatusOptions {
  /** `namespace/name` of the Service. */
  readonly service: string;
  readonly client: ApiClient;
  readonly state: ClusterState;
  /** Endpoints come from EndpointSlices. */
  readonly endpointSlices: boolean;
  /** Only addresses of endpoints in this zone count; "" for all. */
  readonly zone: string;
  /** False for Ingresses of another class and those that are invalid. */
  isServed(ingress: Ingress): boolean;
  readonly log: Logger;
  /** Longest time that a change waits, and the pause after a failure, in milliseconds. */
  readonly waitMs: number;
}

export class IngressStatus {
  readonly #options: IngressStatusOptions;
  /** Of the Service; both "" when the reference is none. */
  readonly #namespace: string;
  readonly #name: string;
  /** Ingresses to look at. */
  readonly #pending = new Set<string>();
  /** The addresses at the last look, as text. */
  #lastWanted = "";
  #timer: NodeJS.Timeout | undefined;
  #isWriting = false;
  #stopped = false;
  #problem = "";

  constructor(options: IngressStatusOptions) {
    const [, namespace = "", name = ""] = /^([^/]+)\/([^/]+)$/.exec(options.service) ?? [];
    this.#options = options;
    this.#namespace = namespace;
    this.#name = name;
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** The state changed; `sources` are the objects whose translation did. */
  changed(sources: Iterable<SourceKey>): void {
    for (const key of sources) if (key.startsWith("Ingress ")) this.#pending.add(key.slice("Ingress ".length));
    const wanted = JSON.stringify(this.#wanted());
    if (wanted !== this.#lastWanted) this.#lookAtAll();
    this.#lastWanted = wanted;
    if (this.#pending.size > 0) this.#schedule(Math.random() * this.#options.waitMs);
  }

  #lookAtAll(): void {
    for (const { metadata } of this.#options.state.all("Ingress")) {
      this.#pending.add(`${metadata.namespace}/${metadata.name}`);
    }
  }

  #schedule(ms: number): void {
    if (this.#stopped || this.#isWriting || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#write();
    }, ms).unref();
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    const { waitMs } = this.#options;
    try {
      const wanted = this.#wanted();
      if (wanted === null) throw new Error(this.#whyNone());
      for (const key of this.#pending) {
        if (this.#stopped) return;
        await this.#writeOne(key, wanted);
        this.#pending.delete(key);
      }
      this.#problem = "";
      this.#isWriting = false;
    } catch (error) {
      this.#isWriting = false;
      this.#report((error as Error).message);
      this.#schedule(waitMs);
      return;
    }
    if (this.#pending.size > 0) this.#schedule(Math.random() * waitMs);
  }

  async #writeOne(key: string, wanted: readonly Address[]): Promise<void> {
    const ingress = this.#options.state.source(`Ingress ${key}`);
    if (ingress?.kind !== "Ingress" || !this.#options.isServed(ingress)) return;
    if (textOf(ingress.addresses) === textOf(wanted)) return;
    const { namespace, name } = ingress.metadata;
    const path = `/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses/${name}/status`;
    const list = wanted.map(({ ip, hostname }) => ({
      ...(ip === "" ? {} : { ip }),
      ...(hostname === "" ? {} : { hostname }),
    }));
    const body = { status: { loadBalancer: { ingress: list.length === 0 ? null : list } } };
    await this.#options.client.send("PATCH", path, "application/merge-patch+json", body);
  }

  /** Null when there is no such Service. */
  #wanted(): Address[] | null {
    const { state, endpointSlices, zone } = this.#options;
    const view = state.known;
    const service = view.service(this.#namespace, this.#name);
    if (service === undefined) return null;
    return statusAddresses(service, () =>
      endpointSlices
        ? sliceAddresses(view.endpointSlices(this.#namespace, this.#name), zone)
        : endpointAddresses(view.endpoints(this.#namespace, this.#name)),
    );
  }

  #whyNone(): string {
    const { service } = this.#options;
    if (this.#name !== "") return `service not found: ${service}`;
    return `invalid resource reference "${service}", expected <namespace>/<name>`;
  }

  #report(problem: string): void {
    const message = `failed to update ingress status: ${problem}`;
    if (problem === this.#problem) this.#options.log.debug(message);
    else this.#options.log.error(message);
    this.#problem = problem;
  }
}

/** The addresses in an order of their own. */
function textOf(addresses: readonly Address[]): string {
  return JSON.stringify(addresses.map(({ ip, hostname }) => `${ip} ${hostname}`).sort());
}
