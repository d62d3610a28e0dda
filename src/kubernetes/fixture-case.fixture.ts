// Runs one fixture of the translation: objects in YAML in, routes and messages out. For the fixtures of the repository (testdata/) and the
// shared ones, which have the same form.

import assert from "node:assert/strict";
import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parse, parseAllDocuments } from "yaml";
import { canonicalRoute } from "../eskip/canonical.ts";
import { LB_ALGORITHMS } from "../eskip/lb-algorithms.ts";
import type { Call, Route } from "../eskip/route.ts";
import { CertificateRegistry } from "./certificate-registry.ts";
import { DefaultFilterFiles } from "./default-filter-files.ts";
import {
  type EndpointSlice,
  type Endpoints,
  KINDS,
  type Kind,
  type KubernetesObject,
  keyOf,
  type Secret,
  type Service,
} from "./objects.ts";
import { plainSettings, regexp } from "./settings.fixture.ts";
import type { AnnotationRule, TranslationSettings } from "./settings.ts";
import type { ClusterView, Problem } from "./translation.ts";
import { ClusterTranslator } from "./translator.ts";

export interface FixtureCase {
  /** `folder/name`. */
  readonly id: string;
  /** Path of the file with an extension, null when the case has none. */
  file(extension: string): string | null;
}

/** All cases below a folder, by the names that their files have in front of the last dot. */
export function findCases(root: string): FixtureCase[] {
  const files = new Map<string, Map<string, string>>();
  const visit = (folder: string) => {
    for (const name of readdirSync(path.join(root, folder)).sort()) {
      const at = path.join(folder, name);
      const extension = path.extname(name);
      if (statSync(path.join(root, at)).isDirectory() && extension !== ".default-filters") visit(at);
      else if (extension !== ".md") {
        const id = at.slice(0, -extension.length);
        files.set(id, (files.get(id) ?? new Map()).set(extension, path.join(root, at)));
      }
    }
  };
  visit("");
  return [...files].map(([id, of]) => ({ id, file: (extension) => of.get(extension) ?? null }));
}

// The files are written by hand in a form that the README of the shared fixtures describes.
// biome-ignore lint/suspicious/noExplicitAny: options and objects as plain YAML
type Any = any;

export interface FixtureResult {
  readonly routes: readonly Route[];
  /** Lines as the log would have them. */
  readonly log: readonly string[];
}

/** Names and values are text, also where YAML would see something else in them. */
const TEXT_FIELDS = /^(\s*(?:- )?(?:name|key|value): )([\w.]+)$/gm;

export async function runCase(one: FixtureCase): Promise<FixtureResult> {
  const options = readOptions(one);
  const filterFiles = one.file(".default-filters");
  const log: string[] = [];
  const write = (level: string) => (message: string) => void log.push(`level=${level} msg=${quoted(message)}`);
  const logger = { debug: write("debug"), info: write("info"), warn: write("warning"), error: write("error") };
  const filters =
    filterFiles === null
      ? new Map()
      : await withLinks(filterFiles, (folder) => new DefaultFilterFiles(folder, logger).read());
  const translator = new ClusterTranslator(settingsOf(options, filterFiles !== null), write("error"));
  const objects = selected(readObjects(one), options).flatMap(([kind, json]) => translator.decode(kind, json) ?? []);
  const view = viewOf(objects, filters);
  const registry = new CertificateRegistry(logger);
  const changes = objects.flatMap((object) => {
    if (object.kind !== "Ingress" && object.kind !== "RouteGroup") return [];
    const translation = translator.translate(object, view);
    const { namespace, name } = object.metadata;
    const fields = ` kind=${object.kind} name=${name} ns=${namespace}`;
    const told = (problems: readonly Problem[]) => {
      for (const { level, message } of problems) log.push(`level=${level} msg=${quoted(message)}${fields}`);
    };
    told(translation.problems);
    told(registry.offer(translation.certificates));
    return [{ key: `${object.kind} ${keyOf(object)}` as const, source: object, translation }];
  });
  const { upserts, problems } = translator.compose(changes);
  for (const { level, message } of problems) log.push(`level=${level} msg=${quoted(message)}`);
  return { routes: upserts, log };
}

/** Runs with a folder of default filters in which what was checked out as a file that names another is the link that it was. */
export async function withLinks<T>(folder: string, run: (folder: string) => Promise<T>): Promise<T> {
  const names = statSync(folder).isDirectory() ? readdirSync(folder) : [];
  const isLink = (name: string) => names.includes(readFileSync(path.join(folder, name), "utf8").trim());
  const links = names.filter((name) => !lstatSync(path.join(folder, name)).isSymbolicLink() && isLink(name));
  if (links.length === 0) return run(folder);
  const copy = mkdtempSync(path.join(tmpdir(), "default-filters-"));
  try {
    for (const name of names) {
      const text = readFileSync(path.join(folder, name), "utf8");
      if (links.includes(name)) symlinkSync(text.trim(), path.join(copy, name));
      else writeFileSync(path.join(copy, name), text);
    }
    return await run(copy);
  } finally {
    rmSync(copy, { recursive: true });
  }
}

/** The options of the .kube file. */
export function readOptions(one: FixtureCase): Any {
  const file = one.file(".kube");
  const text = file === null ? "" : readFileSync(file, "utf8");
  return parse(text.replace(TEXT_FIELDS, '$1"$2"')) ?? {};
}

function quoted(message: string): string {
  return JSON.stringify(message);
}

export function readObjects(one: FixtureCase): [Kind, Any][] {
  const file = one.file(".yaml");
  if (file === null) return [];
  const found: [Kind, Any][] = [];
  const add = (object: Any) => {
    if (object?.kind === "List") for (const item of object.items) add(item);
    else if ((KINDS as readonly string[]).includes(object?.kind)) found.push([object.kind, object]);
  };
  for (const document of parseAllDocuments(readFileSync(file, "utf8"))) add(document.toJS());
  return found;
}

/** Names of the options with label selectors. */
export const selectors: Readonly<Partial<Record<Kind, string>>> = {
  Ingress: "kubernetes-ingresses-label-selector",
  Service: "kubernetes-services-label-selector",
  Endpoints: "kubernetes-endpoints-label-selector",
};

function selected(objects: [Kind, Any][], options: Any): [Kind, Any][] {
  return objects.filter(([kind, object]) =>
    Object.entries(options[selectors[kind] ?? ""] ?? {}).every(
      ([name, value]) => object.metadata.labels?.[name] === String(value),
    ),
  );
}

function viewOf(objects: readonly KubernetesObject[], filters: ReadonlyMap<string, string>): ClusterView {
  const byKey = new Map(objects.map((object) => [`${object.kind} ${keyOf(object)}`, object]));
  return {
    service: (namespace, name) => byKey.get(`Service ${namespace}/${name}`) as Service | undefined,
    endpoints: (namespace, name) => byKey.get(`Endpoints ${namespace}/${name}`) as Endpoints | undefined,
    endpointSlices: (namespace, service) =>
      objects.filter(
        (object): object is EndpointSlice =>
          object.kind === "EndpointSlice" && object.service === service && object.metadata.namespace === namespace,
      ),
    secret: (namespace, name) => byKey.get(`Secret ${namespace}/${name}`) as Secret | undefined,
    defaultFilters: (namespace, service) => filters.get(`${namespace}/${service}`),
  };
}

/** The options of a .kube file; what it does not name is off. */
export function settingsOf(options: Any, hasDefaultFilters: boolean): TranslationSettings {
  const rules = (list: Any, items: string): AnnotationRule[] =>
    (list ?? []).map((rule: Any) => ({ key: rule.key, value: String(rule.value), items: calls(rule[items]) }));
  return {
    ...plainSettings,
    healthcheck: options.healthcheck === true,
    healthcheckLogsDisabled: options.debugLog !== true,
    healthcheckCidrs: options.whitelistedHealthcheckCidrs ?? [],
    reverseSourcePredicate: options.reverseSourcePredicate === true,
    httpsRedirect: options.httpsRedirect === true,
    httpsRedirectCode: options.httpsRedirectCode ?? 308,
    catchAll: options.disableCatchAllRoutes !== true,
    ingressClass: regexp(options["kubernetes-ingress-class"] ?? "skipper"),
    routeGroupClass: regexp(options["kubernetes-routegroup-class"] ?? "skipper"),
    pathMode: options["kubernetes-path-mode"] ?? "kubernetes-ingress",
    endpointSlices: options["enable-kubernetes-endpointslices"] === true,
    topologyZone: options["topology-zone"] ?? "",
    eastWestDomain: options.eastWest === true ? (options.eastWestDomain ?? "skipper.cluster.local") : "",
    eastWestRangeDomains: options.eastWestRangeDomains ?? [],
    eastWestRangePredicates: calls(options.eastWestRangePredicatesAppend),
    external: {
      predicates: rules(options.kubernetesAnnotationPredicates, "predicates"),
      filters: rules(options.kubernetesAnnotationFiltersAppend, "filters"),
    },
    internal: {
      predicates: rules(options.kubernetesEastWestRangeAnnotationPredicates, "predicates"),
      filters: rules(options.kubernetesEastWestRangeAnnotationFiltersAppend, "filters"),
    },
    applicationLabel: options["kubernetes-application-annotation-label"] ?? "",
    externalNames: options.enableExternalNames === true,
    externalNamePreserveHost: options.externalNamePreserveHost === true,
    allowedExternalNames:
      options.onlyAllowedExternalNames === true ? (options.allowedExternalNames ?? []).map(regexp) : null,
    trafficAlgorithm: options["backend-traffic-algorithm"] ?? "traffic-predicate",
    defaultLbAlgorithm: lbAlgorithm(options["default-lb-algorithm"]),
    forceService: options["force-kubernetes-service"] === true,
    forwardBackendUrl: options["forward-backend-url"] ?? "",
    backendNameTag: options.backendNameTracingTag === true,
    tls: options["kubernetes-enable-tls"] === true,
    hasDefaultFilters,
  };
}

function lbAlgorithm(name: string | undefined): string {
  return name !== undefined && LB_ALGORITHMS.has(name) ? name : "roundRobin";
}

function calls(list: Any): readonly Call[] {
  return (list ?? []).map(({ name, args }: Any) => ({ name, args: args ?? [] }));
}

/** Routes by id in canonical form, without zones; predicates of one name in any order. */
export function comparable(routes: readonly Route[]): unknown {
  const byId = new Map<string, unknown>();
  for (const route of routes) {
    assert.ok(!byId.has(route.id), `two routes with the id ${route.id}`);
    const { predicates, filters, backend } = canonicalRoute(route);
    const plain =
      backend.type === "lb"
        ? { ...backend, endpoints: backend.endpoints.map(({ address }) => address).sort() }
        : backend;
    byId.set(route.id, { predicates: predicates.map((call) => JSON.stringify(call)).sort(), filters, backend: plain });
  }
  return Object.fromEntries([...byId].sort());
}
