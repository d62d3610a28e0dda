// The translation of a cluster, as the data client uses it (data-client.ts): decodes, selects, translates and composes.

import { annotation } from "./annotations.ts";
import type { RouteSource } from "./cluster-state.ts";
import { Composition } from "./composition.ts";
import type { ComposedChange, Translator } from "./data-client.ts";
import { DecodeFault, decodeObject } from "./decode.ts";
import type { TranslationChange } from "./incremental-translation.ts";
import type { Ingress, Kind, KubernetesObject } from "./objects.ts";
import type { TranslationSettings } from "./settings.ts";
import { translateIngress } from "./translate-ingress.ts";
import { translateRouteGroup } from "./translate-route-group.ts";
import type { ClusterView, Translation } from "./translation.ts";

const unselected: Translation = { routes: [], hosts: [], problems: [], certificates: [], isRejected: false };

export class ClusterTranslator implements Translator {
  readonly #settings: TranslationSettings;
  readonly #composition: Composition;
  readonly #onFault: (message: string) => void;

  /** `onFault` is told why an object is left out. */
  constructor(settings: TranslationSettings, onFault: (message: string) => void) {
    this.#settings = settings;
    this.#composition = new Composition(settings);
    this.#onFault = onFault;
  }

  /** Throws for an object with a field of a wrong type: what else of the answer can be trusted is not known (spec kubernetes 3). */
  decode(kind: Kind, json: unknown): KubernetesObject | null {
    const object = decodeObject(kind, json);
    if (object instanceof DecodeFault) {
      if (json !== null) throw new Error(object.message);
      this.#onFault(object.message);
      return null;
    }
    // A RouteGroup without name is one with a fault of its own.
    if (object.metadata.name !== "" || kind === "RouteGroup") return object;
    if (kind === "Ingress") this.#onFault("invalid ingress item: missing Metadata or Spec");
    if (kind === "Service") this.#onFault("Invalid service resource detected.");
    return null;
  }

  isSelected({ metadata, ingressClassName }: Ingress): boolean {
    const { ingressClass } = this.#settings;
    const isOurs = (name: string) => name === "" || ingressClass.test(name);
    return isOurs(annotation(metadata, "ingressClass")) && isOurs(ingressClassName);
  }

  translate(source: RouteSource, view: ClusterView): Translation {
    if (source.kind === "RouteGroup") return translateRouteGroup(source, view, this.#settings);
    return this.isSelected(source) ? translateIngress(source, view, this.#settings) : unselected;
  }

  compose(changes: readonly TranslationChange[]): ComposedChange {
    return this.#composition.apply(changes);
  }
}
