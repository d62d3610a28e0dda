// What a real API server is asked to show: the objects of deploy/, a cluster of a few Services, and what the proxy, which is only the
// service account of deploy/, makes of them. Endpoints may not lie on loopback addresses, so traffic goes through external names and
// network backends, and endpoints are looked at in /routes.

import { readFileSync } from "node:fs";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { until } from "../e2e/running-proxy.ts";
import type { KubeApi, KubeObject } from "./kube-api.ts";

const deploy = join(import.meta.dirname, "../../deploy/kubernetes");

export function deployed(file: string): KubeObject[] {
  const documents = parseAllDocuments(readFileSync(join(deploy, file), "utf8"));
  return "empty" in documents ? [] : documents.map((document) => document.toJS() as KubeObject);
}

/** The files with the rights that the proxy has. */
export const appliedRoles: readonly string[] = ["rbac.yaml", "optional/ingress-status-rbac.yaml"];

export function routeGroupsAreServed(admin: KubeApi): Promise<void> {
  return until("RouteGroups are served", async () => {
    const { status, body } = await admin.ask("GET", "/apis/zalando.org/v1");
    return status === 200 && body.resources.some(({ name }: { name: string }) => name === "routegroups");
  });
}

/** A backend that says its name. */
export class NamedBackend {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(name: string): Promise<NamedBackend> {
    const server = createServer((_request, response) => response.end(name));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new NamedBackend(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

/** What a client gets: the body, or the status when it is not 200. */
export function get(port: number, host: string, path = "/"): Promise<string> {
  return new Promise((resolve) => {
    const sent = request({ host: "127.0.0.1", port, path, headers: { Host: host }, agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (piece: string) => {
        body += piece;
      });
      response.on("end", () => resolve(response.statusCode === 200 ? body : String(response.statusCode)));
    });
    sent.on("error", (error) => resolve(error.message));
    sent.end();
  });
}

/** The text of /routes. */
export async function routesOf(supportPort: number): Promise<string> {
  return await (await fetch(`http://127.0.0.1:${supportPort}/routes`)).text();
}

const namespace = "default";

function metadata(name: string, more: Readonly<Record<string, unknown>> = {}) {
  return { name, namespace, ...more };
}

/** A Service that is this machine, by a name that is not an address. */
export function externalService(name: string, port: number): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: metadata(name),
    spec: { type: "ExternalName", externalName: "localhost", ports: [{ name: "http", port: 80, targetPort: port }] },
  };
}

export function clusterService(name: string): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: metadata(name),
    spec: { ports: [{ name: "http", port: 80, targetPort: 8080 }] },
  };
}

export function endpointSlice(service: string, addresses: readonly string[]): KubeObject {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: metadata(`${service}-1`, { labels: { "kubernetes.io/service-name": service } }),
    addressType: "IPv4",
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
    ports: [{ name: "http", port: 8080, protocol: "TCP" }],
  };
}

export function ingress(name: string, host: string, service: string): KubeObject {
  const backend = { service: { name: service, port: { number: 80 } } };
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: metadata(name),
    spec: { rules: [{ host, http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }] },
  };
}

/** The Ingress with annotations. */
export function annotated(object: KubeObject, annotations: Readonly<Record<string, string>>): KubeObject {
  return { ...object, metadata: { ...object.metadata, annotations } };
}

/** The Ingress with the certificate of a Secret for its host. */
export function withTls(object: KubeObject, host: string, secretName: string): KubeObject {
  return { ...object, spec: { ...(object.spec as object), tls: [{ hosts: [host], secretName }] } };
}

export function tlsSecret(name: string, cert: string, key: string): KubeObject {
  const data = { "tls.crt": Buffer.from(cert).toString("base64"), "tls.key": Buffer.from(key).toString("base64") };
  return { apiVersion: "v1", kind: "Secret", metadata: metadata(name), type: "kubernetes.io/tls", data };
}

export function routeGroup(name: string, host: string, address: string, filters: readonly string[] = []): KubeObject {
  return {
    apiVersion: "zalando.org/v1",
    kind: "RouteGroup",
    metadata: metadata(name),
    spec: {
      hosts: [host],
      backends: [{ name: "app", type: "network", address }],
      defaultBackends: [{ backendName: "app" }],
      routes: [{ pathSubtree: "/", ...(filters.length === 0 ? {} : { filters }) }],
    },
  };
}
