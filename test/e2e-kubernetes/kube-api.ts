// The Kubernetes API as the end-to-end test uses it: JSON over TLS with a token, and objects put to where their kind lives.

import { type RequestOptions, request } from "node:https";

export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

export interface KubeAnswer {
  /** 0: nobody answered. */
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the API answers
  readonly body: any;
}

/** Plural names of the kinds in deploy/ and in the test. */
const plurals: Readonly<Record<string, string>> = {
  ClusterRole: "clusterroles",
  ClusterRoleBinding: "clusterrolebindings",
  CustomResourceDefinition: "customresourcedefinitions",
  EndpointSlice: "endpointslices",
  Ingress: "ingresses",
  RouteGroup: "routegroups",
  Secret: "secrets",
  Service: "services",
  ServiceAccount: "serviceaccounts",
  ValidatingWebhookConfiguration: "validatingwebhookconfigurations",
};

export class KubeApi {
  readonly #url: string;
  readonly #ca: string;
  readonly #token: string;

  constructor(url: string, ca: string, token: string) {
    this.#url = url;
    this.#ca = ca;
    this.#token = token;
  }

  /** The same API for somebody else. */
  as(token: string): KubeApi {
    return new KubeApi(this.#url, this.#ca, token);
  }

  ask(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<KubeAnswer> {
    const options: RequestOptions = {
      method,
      ca: this.#ca,
      agent: false,
      headers: { Authorization: `Bearer ${this.#token}`, "Content-Type": "application/json", ...headers },
      timeout: 10_000,
    };
    return new Promise((resolve) => {
      const sent = request(`${this.#url}${path}`, options, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (piece: string) => {
          text += piece;
        });
        response.on("end", () => resolve({ status: response.statusCode!, body: parsed(text) }));
        response.on("error", () => resolve({ status: 0, body: null }));
      });
      sent.on("timeout", () => sent.destroy());
      sent.on("error", (error) => resolve({ status: 0, body: error.message }));
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  /** Creates the object; the answer says whether that was allowed. */
  create(object: KubeObject): Promise<KubeAnswer> {
    return this.ask("POST", pathOf(object), object);
  }

  /** Creates objects that must be accepted. */
  async apply(...objects: readonly KubeObject[]): Promise<void> {
    for (const object of objects) {
      const { status, body } = await this.create(object);
      if (status !== 201) throw new Error(`${object.kind} ${object.metadata.name}: ${status} ${JSON.stringify(body)}`);
    }
  }

  /** The same for many, a few at a time. */
  async applyMany(objects: readonly KubeObject[]): Promise<void> {
    const rest = [...objects];
    const worker = async (): Promise<void> => {
      for (let next = rest.pop(); next !== undefined; next = rest.pop()) await this.apply(next);
    };
    await Promise.all(Array.from({ length: 8 }, worker));
  }

  /** Changes fields of an object by a merge patch. */
  async change(object: KubeObject, fields: unknown): Promise<void> {
    const path = `${pathOf(object)}/${object.metadata.name}`;
    const { status, body } = await this.ask("PATCH", path, fields, mergePatch);
    if (status !== 200) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`);
  }

  async delete(object: KubeObject): Promise<void> {
    const path = `${pathOf(object)}/${object.metadata.name}`;
    const { status, body } = await this.ask("DELETE", path);
    if (status !== 200) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`);
  }

  /** The object as it is stored. */
  async read(object: KubeObject): Promise<KubeAnswer["body"]> {
    return (await this.ask("GET", `${pathOf(object)}/${object.metadata.name}`)).body;
  }

  /** A token of a service account, as a pod would get it. */
  async tokenOf(namespace: string, name: string): Promise<string> {
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
    const { status, body } = await this.ask("POST", path, { apiVersion: "authentication.k8s.io/v1", spec: {} });
    if (status !== 201) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`);
    return body.status.token;
  }

  /** What the owner of the token may do to resources, each as `verb group resource`, sorted. */
  async rights(): Promise<string[]> {
    const { body } = await this.ask("POST", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SelfSubjectRulesReview",
      spec: { namespace: "default" },
    });
    if (body.status?.incomplete !== false) throw new Error(`rights: ${JSON.stringify(body)}`);
    return rightsOf(body.status.resourceRules);
  }
}

/** Headers of a PATCH whose body names only what changes. */
export const mergePatch: Readonly<Record<string, string>> = { "Content-Type": "application/merge-patch+json" };

export interface Rule {
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
}

export function rightsOf(rules: readonly Rule[]): string[] {
  const rights = rules.flatMap(({ verbs, apiGroups, resources }) =>
    apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.map((verb) => `${verb} ${group} ${resource}`))),
  );
  return [...new Set(rights)].sort();
}

function pathOf({ apiVersion, kind, metadata }: KubeObject): string {
  const base = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const scope = metadata.namespace === undefined ? "" : `/namespaces/${metadata.namespace}`;
  return `${base}${scope}/${plurals[kind]}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
