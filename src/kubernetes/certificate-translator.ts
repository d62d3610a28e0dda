// Certificates without routes: for a proxy that gets its routes from a Route Server and still serves the certificates of the cluster
// (decisions: certificates in Exec mode). Objects are read for the hosts and Secrets that they name, and for nothing else.

import { certificateWishes } from "./certificates.ts";
import type { RouteSource } from "./cluster-state.ts";
import type { ComposedChange, Translator } from "./data-client.ts";
import type { Kind, KubernetesObject } from "./objects.ts";
import { type ClusterView, type Translation, untranslated } from "./translation.ts";
import type { ClusterTranslator } from "./translator.ts";

const nothing: ComposedChange = { upserts: [], deletes: [], problems: [] };

export class CertificateTranslator implements Translator {
  readonly #whole: ClusterTranslator;

  constructor(whole: ClusterTranslator) {
    this.#whole = whole;
  }

  decode(kind: Kind, json: unknown): KubernetesObject | null {
    return this.#whole.decode(kind, json);
  }

  isSelected(source: RouteSource): boolean {
    return this.#whole.isSelected(source);
  }

  translate(source: RouteSource, view: ClusterView): Translation {
    const entries = source.kind === "Ingress" ? source.tls : (source.spec?.tls ?? []);
    const hosts = source.kind === "Ingress" ? source.rules.map(({ host }) => host) : (source.spec?.hosts ?? []);
    const { wishes, problems } = this.isSelected(source)
      ? certificateWishes(source.metadata, entries, [...new Set(hosts)], source.kind, view)
      : { wishes: [], problems: [] };
    return { ...untranslated, problems, certificates: wishes };
  }

  /** Endpoints are not read. */
  renew(): null {
    return null;
  }

  compose(): ComposedChange {
    return nothing;
  }
}
