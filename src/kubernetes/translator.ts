// The translation of a cluster, as the data client uses it (data-client.ts): decodes, selects, translates and composes.

import type { Route } from "../eskip/route.ts";
import type { RouteSource } from "./cluster-state.ts";
import { Composition, type TranslationUpdate } from "./composition.ts";
import type { ComposedChange, Translator } from "./data-client.ts";
import { DecodeFault, decodeObject } from "./decode.ts";
import type { Kind, KubernetesObject } from "./objects.ts";
import { renewBackends } from "./renew-backends.ts";
import { isSelectedIngress, isSelectedRouteGroup } from "./selection.ts";
import type { TranslationSettings } from "./settings.ts";
import { translateIngress } from "./translate-ingress.ts";
import { translateRouteGroup } from "./translate-route-group.ts";
import type { ClusterView, Translation } from "./translation.ts";

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
    if (!(object instanceof DecodeFault)) return object;
    if (object.isMistyped) throw new Error(object.message);
    this.#onFault(object.message);
    return null;
  }

  isSelected(source: RouteSource): boolean {
    return source.kind === "Ingress"
      ? isSelectedIngress(source, this.#settings)
      : isSelectedRouteGroup(source, this.#settings);
  }

  translate(source: RouteSource, view: ClusterView): Translation {
    return source.kind === "Ingress"
      ? translateIngress(source, view, this.#settings)
      : translateRouteGroup(source, view, this.#settings);
  }

  renew(former: Translation, view: ClusterView): Translation | null {
    return renewBackends(former, view, this.#settings);
  }

  compose(changes: Iterable<TranslationUpdate>): ComposedChange {
    return this.#composition.apply(changes);
  }

  /** All that came of the changes so far, in no order. */
  routes(): readonly Route[] {
    return this.#composition.routes();
  }
}
