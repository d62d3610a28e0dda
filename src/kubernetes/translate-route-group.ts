// One RouteGroup as routes (spec kubernetes 9). Hosts inside of the cluster have routes of their own beside those of all others: the
// internal and the external part are built alike, with other ids and other additions.

import type { Route } from "../eskip/route.ts";
import { type CommonOptions, readCommonOptions } from "./annotations.ts";
import { certificateWishes } from "./certificates.ts";
import { isInternalHost } from "./east-west.ts";
import type { RouteGroup, RouteGroupBackend, RouteGroupSpec } from "./objects.ts";
import { GroupPart } from "./route-group-part.ts";
import { explicitTemplate, implicitTemplate } from "./route-group-template.ts";
import { isSelectedRouteGroup } from "./selection.ts";
import type { ServiceUse } from "./service-use.ts";
import type { TranslationSettings } from "./settings.ts";
import { type ClusterView, type Problem, rejected, type Translation, untranslated } from "./translation.ts";
import { validateRouteGroup } from "./validate-route-group.ts";

/** The routes of a RouteGroup that is ours, else nothing; one that is invalid is reported whosever it is. */
export function translateRouteGroup(group: RouteGroup, view: ClusterView, settings: TranslationSettings): Translation {
  const faults = validateRouteGroup(group);
  if (faults.length > 0) return rejected(`[routegroup] ${faults.join("\n")}`);
  if (group.spec === null || !isSelectedRouteGroup(group, settings)) return untranslated;
  return new RouteGroupTranslation(group, group.spec, view, settings).run();
}

const none: readonly never[] = Object.freeze([]);

class RouteGroupTranslation {
  readonly #group: RouteGroup;
  readonly #spec: RouteGroupSpec;
  readonly #view: ClusterView;
  readonly #settings: TranslationSettings;
  readonly #problems: Problem[] = [];
  readonly #uses: ServiceUse[] = [];
  readonly #options: CommonOptions;
  readonly #backends: ReadonlyMap<string, RouteGroupBackend>;

  constructor(group: RouteGroup, spec: RouteGroupSpec, view: ClusterView, settings: TranslationSettings) {
    this.#group = group;
    this.#spec = spec;
    this.#view = view;
    this.#settings = settings;
    this.#options = readCommonOptions(group.metadata, settings, this.#problems);
    this.#backends = new Map(spec.backends.map((backend) => [backend.name, backend]));
  }

  run(): Translation {
    const { hosts } = this.#spec;
    const internalHosts = hosts.filter((host) => isInternalHost(this.#settings, host));
    const externalHosts = hosts.filter((host) => !isInternalHost(this.#settings, host));
    return {
      routes: this.#parts(externalHosts, internalHosts),
      hosts: none,
      services: this.#uses,
      certificates: this.#certificates(),
      problems: this.#problems,
      isRejected: false,
    };
  }

  /** All or nothing where a group without routes has a backend that leads nowhere. */
  #parts(externalHosts: readonly string[], internalHosts: readonly string[]): readonly Route[] {
    const hasExternal = externalHosts.length > 0 || internalHosts.length === 0;
    const external = hasExternal ? this.#part(externalHosts, false) : none;
    if (external === null) return none;
    const internal = internalHosts.length > 0 ? this.#part(internalHosts, true) : none;
    return internal === null ? none : [...external, ...internal];
  }

  #report(message: string): void {
    this.#problems.push({ level: "error", message, bare: false });
  }

  /** null: nothing of the group counts. */
  #part(hosts: readonly string[], internal: boolean): readonly Route[] | null {
    const part = new GroupPart(hosts, this.#backends, {
      metadata: this.#group.metadata,
      options: this.#options,
      view: this.#view,
      settings: this.#settings,
      problems: this.#problems,
      uses: this.#uses,
      internal,
    });
    const { routes, defaultBackends } = this.#spec;
    if (routes.length === 0) {
      const fault = part.add(implicitTemplate(defaultBackends));
      if (fault === "") return part.finish();
      this.#report(`Error transforming ${internal ? "internal" : "external"} hosts: ${fault}`);
      return null;
    }
    for (const [index, route] of routes.entries()) {
      const fault = route === null ? "" : part.add(explicitTemplate(route, index, defaultBackends));
      if (fault !== "") this.#report(`Ignoring route: ${fault}`);
    }
    return part.finish();
  }

  #certificates(): Translation["certificates"] {
    const { hosts, tls } = this.#spec;
    if (!this.#settings.tls || tls.length === 0) return none;
    const { wishes, problems } = certificateWishes(this.#group.metadata, tls, hosts, "RouteGroup", this.#view);
    this.#problems.push(...problems);
    return wishes;
  }
}
