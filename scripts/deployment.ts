// What can be said about deploy/ without a cluster: manifests against the schemas of deploy/schemas, references between objects, flags
// against the options, the RouteGroup schema as a validator, the Dockerfile. Each check gives its faults as texts.

import { existsSync, globSync, readFileSync } from "node:fs";
import path from "node:path";
import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import { parseAllDocuments } from "yaml";
import { webhookFlags } from "../src/app/webhook-flags.ts";
import { parseFlags } from "../src/config/flags.ts";
import type { OptionSpec } from "../src/config/option.ts";
import { optionSpecs } from "../src/config/options.ts";
import { root } from "./registries.ts";

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Labels };
  // The shapes of the kinds: read only after the schemas have said that they are as they must be.
  // biome-ignore lint/suspicious/noExplicitAny: one type for ten kinds would say nothing that the schemas do not
  readonly spec?: any;
  readonly [field: string]: unknown;
}

type Labels = Readonly<Record<string, string>>;

export function at(name: string): string {
  return path.join(root, name);
}

/** The documents of a text in YAML; `problems` holds what is no YAML. */
export function readManifests(text: string): { manifests: Manifest[]; problems: string[] } {
  const documents = parseAllDocuments(text);
  if ("empty" in documents) return { manifests: [], problems: [] };
  return {
    manifests: documents.map((document) => document.toJS() as Manifest).filter((value) => value !== null),
    problems: documents.flatMap(({ errors, warnings }) => [...errors, ...warnings].map(({ message }) => message)),
  };
}

/** All manifests of deploy/kubernetes. */
export function shippedManifests(): Manifest[] {
  return globSync("deploy/kubernetes/**/*.yaml", { cwd: root })
    .sort()
    .flatMap((file) => readManifests(readFileSync(at(file), "utf8")).manifests);
}

let schemas: Ajv | null = null;

/** A manifest against the schema of its kind; a kind without schema is a fault. */
export function checkSchema(manifest: Manifest): string[] {
  schemas ??= new Ajv({
    allErrors: true,
    strictTypes: false,
    schemas: globSync(at("deploy/schemas/*.json")).map((file) => JSON.parse(readFileSync(file, "utf8"))),
  });
  const validate = schemas.getSchema(`${manifest.kind}.json`);
  if (validate === undefined) return [`${nameOf(manifest)}: no schema for its kind in deploy/schemas`];
  return validate(manifest) ? [] : errorTexts(nameOf(manifest), validate.errors);
}

/** A validator made of the schema in the RouteGroup definition, as the API server uses it. */
export function routeGroupValidator(): (routeGroup: unknown) => string[] {
  const definition = shippedManifests().find(({ kind }) => kind === "CustomResourceDefinition")!;
  const ajv = new Ajv({ strict: false, formats: { int32: true, int64: true, "date-time": true } });
  const schema = definition.spec.versions[0].schema.openAPIV3Schema;
  const validate: ValidateFunction = ajv.compile(schema);
  return (routeGroup) => {
    if (!validate(routeGroup)) return errorTexts("", validate.errors);
    return repeated((routeGroup as { spec: { hosts?: string[] } }).spec.hosts ?? []).map((host) => `twice: ${host}`);
  };
}

/** The values of the chart against their schema. */
export function checkValues(values: unknown): string[] {
  const validate = new Ajv().compile(JSON.parse(readFileSync(at("deploy/chart/values.schema.json"), "utf8")));
  return validate(values) ? [] : errorTexts("values", validate.errors);
}

/** What objects say of each other: selectors, ports, names, and that no name is used twice. */
export function checkReferences(manifests: readonly Manifest[]): string[] {
  const find = (kind: string, name: string, namespace: string | undefined) =>
    manifests.find(
      (one) => one.kind === kind && one.metadata.name === name && (one.metadata.namespace ?? namespace) === namespace,
    );
  const pods = manifests.filter(({ kind }) => kind === "Deployment");
  const podsOf = (selector: Labels, namespace: string | undefined) =>
    pods.filter(
      ({ metadata, spec }) => metadata.namespace === namespace && isSubset(selector, spec.template.metadata.labels),
    );
  const problems = repeated(manifests.map(nameOf)).map((name) => `${name}: two of that name`);
  for (const manifest of manifests) {
    const { kind, metadata, spec } = manifest;
    const expect = (condition: unknown, text: string) => {
      if (!condition) problems.push(`${nameOf(manifest)}: ${text}`);
    };
    if (kind === "Deployment") {
      const { template, selector } = spec;
      expect(isSubset(selector.matchLabels, template.metadata.labels), "its selector does not select its pods");
      const account = template.spec.serviceAccountName;
      expect(find("ServiceAccount", account, metadata.namespace), `no service account ${account}`);
      for (const { name, ports = [], ...container } of template.spec.containers) {
        const probes = [container.readinessProbe, container.livenessProbe];
        for (const { httpGet } of probes) expect(hasPort(ports, httpGet.port), `${name}: no port ${httpGet.port}`);
      }
    } else if (kind === "Service") {
      const selected = podsOf(spec.selector, metadata.namespace);
      expect(selected.length === 1, `selects the pods of ${selected.length} deployments`);
      for (const { targetPort } of spec.ports) {
        const ports = selected.flatMap((one) => one.spec.template.spec.containers).flatMap((one) => one.ports ?? []);
        expect(hasPort(ports, targetPort), `no port ${targetPort} in its pods`);
      }
    } else if (kind === "PodDisruptionBudget") {
      const count = podsOf(spec.selector.matchLabels, metadata.namespace).length;
      expect(count === 1, `selects the pods of ${count} deployments`);
    } else if (kind === "HorizontalPodAutoscaler") {
      const target = find("Deployment", spec.scaleTargetRef.name, metadata.namespace);
      expect(target, `no deployment ${spec.scaleTargetRef.name}`);
      expect(target?.spec.replicas === undefined, "the deployment sets replicas too");
    } else if (kind === "ServiceMonitor") {
      const services = manifests.filter(
        (one) => one.kind === "Service" && isSubset(spec.selector.matchLabels, one.metadata.labels ?? {}),
      );
      expect(services.length === 1, `selects ${services.length} services`);
      for (const { port } of spec.endpoints) {
        const names = services.flatMap((service) => service.spec.ports).map(({ name }) => name);
        expect(names.includes(port), `no port ${port} in its service`);
      }
    } else if (kind === "ClusterRoleBinding") {
      const { roleRef, subjects } = manifest as unknown as Binding;
      expect(find("ClusterRole", roleRef.name, undefined), `no role ${roleRef.name}`);
      for (const { name, namespace } of subjects) {
        expect(find("ServiceAccount", name, namespace), `no service account ${namespace}/${name}`);
      }
    } else if (kind === "ValidatingWebhookConfiguration") {
      for (const { name, clientConfig } of (manifest as unknown as Webhooks).webhooks) {
        const { service } = clientConfig;
        const ports = service === undefined ? [] : find("Service", service.name, service.namespace)?.spec.ports;
        const isServed = ports?.some(({ port }: { port: number }) => port === (service?.port ?? 443));
        expect(service === undefined || isServed, `${name}: no service ${service?.namespace}/${service?.name}`);
      }
    }
  }
  return problems;
}

interface Binding {
  readonly roleRef: { readonly name: string };
  readonly subjects: readonly { readonly name: string; readonly namespace: string }[];
}

interface Webhooks {
  readonly webhooks: readonly {
    readonly name: string;
    readonly clientConfig: { readonly service?: { name: string; namespace: string; port?: number } };
  }[];
}

const programs: Readonly<Record<string, readonly OptionSpec[]>> = {
  skipper: optionSpecs,
  routesrv: optionSpecs,
  webhook: webhookFlags,
};

/** The arguments of all containers as their programs read them. */
export function checkArguments(manifests: readonly Manifest[]): string[] {
  const problems: string[] = [];
  for (const manifest of manifests) {
    for (const { name, args } of manifest.spec?.template?.spec.containers ?? []) {
      const [program, ...rest] = args as string[];
      const specs = programs[program!];
      const where = `${nameOf(manifest)}: ${name}`;
      if (specs === undefined || !existsSync(at(`bin/${program}`))) {
        problems.push(`${where}: no program ${program} in bin/`);
        continue;
      }
      const parsed = parseFlags(specs, rest);
      if ("help" in parsed) problems.push(`${where}: asks for help`);
      else if ("error" in parsed) problems.push(`${where}: ${parsed.error}`);
      else if (parsed.rest.length > 0) problems.push(`${where}: arguments behind the flags: ${parsed.rest.join(" ")}`);
      else {
        for (const flag of repeated(parsed.given)) problems.push(`${where}: -${flag} twice`);
        for (const { deprecated, name: flag } of specs) {
          if (deprecated && parsed.given.includes(flag)) problems.push(`${where}: -${flag} is deprecated`);
        }
      }
    }
  }
  return problems;
}

/** What the Dockerfile copies is there and let through by `ignore`; it ends as an unprivileged user with a program of bin/. */
export function checkDockerfile(dockerfile: string, ignore: string): string[] {
  const problems: string[] = [];
  const allowed = ignore.split("\n").flatMap((line) => (line.startsWith("!") ? [line.slice(1)] : []));
  const lines = dockerfile.replaceAll("\\\n", " ").split("\n");
  for (const line of lines) {
    const [instruction, ...words] = line.trim().split(/\s+/);
    if (instruction === "FROM" && !/^[a-z0-9_-]+:[a-zA-Z0-9._-]+$/.test(words[0]!)) {
      problems.push(`FROM ${words[0]}: expected a plain image name with a tag`);
    }
    if (instruction !== "COPY" || words[0]!.startsWith("--from=")) continue;
    for (const source of words.slice(0, -1)) {
      if (!existsSync(at(source))) problems.push(`COPY ${source}: does not exist`);
      else if (!allowed.some((name) => source === name || source.startsWith(`${name}/`))) {
        problems.push(`COPY ${source}: left out by .dockerignore`);
      }
    }
  }
  const last = (instruction: string) => lines.findLast((line) => line.startsWith(`${instruction} `)) ?? "";
  // A name is nothing that runAsNonRoot can check.
  if (!/^USER [1-9]\d*:[1-9]\d*$/.test(last("USER"))) problems.push("USER: expected numbers other than 0");
  const program = /^CMD \["([a-z]+)"\]$/.exec(last("CMD"))?.[1] ?? "";
  if (program === "" || !existsSync(at(`bin/${program}`))) problems.push(`CMD: expected a program of bin/`);
  return problems;
}

export function nameOf({ kind, metadata }: Manifest): string {
  return `${kind} ${metadata.namespace === undefined ? "" : `${metadata.namespace}/`}${metadata.name}`;
}

function errorTexts(where: string, errors: readonly ErrorObject[] | null | undefined): string[] {
  return (errors ?? []).map(({ instancePath, message, params }) => {
    const extra = "additionalProperty" in params ? ` (${params.additionalProperty})` : "";
    return `${where}${instancePath}: ${message}${extra}`;
  });
}

function isSubset(part: Labels, whole: Labels): boolean {
  return Object.entries(part).every(([key, value]) => whole[key] === value);
}

function hasPort(ports: readonly { name?: string; containerPort: number }[], port: number | string): boolean {
  return ports.some(({ name, containerPort }) => (typeof port === "number" ? containerPort : name) === port);
}

function repeated(names: readonly string[]): string[] {
  return names.filter((name, i) => names.indexOf(name) < i);
}
