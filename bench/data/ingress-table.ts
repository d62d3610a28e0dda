// The route table of a large cluster: 15,000 Ingresses with three routes and 5,000 RouteGroups with four, each of the 20,000 with a
// host of its own and nearly all routes below "/", and three routes for all hosts: 65,003 routes.

const ingresses = 15_000;
const routeGroups = 5_000;

/** Host number `index` of the table, counted from 0. */
export function ingressHost(index: number): string {
  return `app-${String(index + 1).padStart(5, "0")}.team.example.org`;
}

export interface IngressTable {
  readonly text: string;
  readonly routes: number;
  readonly hosts: number;
}

/** The eskip text of the table; `scale` is the share of its hosts. All routes lead to one backend. */
export function ingressTableText(backendPort: number, scale = 1): IngressTable {
  const lines: string[] = [];
  const tail = `setRequestHeader("X-Bench", "1") -> "http://127.0.0.1:${backendPort}";`;
  const add = (id: string, predicates: string) => lines.push(`${id}: ${predicates} -> ${tail}`);
  const withIngress = Math.round(ingresses * scale);
  const hosts = withIngress + Math.round(routeGroups * scale);
  for (let i = 0; i < hosts; i++) {
    const host = `Host(/^(${ingressHost(i).replaceAll(".", "[.]")}[.]?(:[0-9]+)?)$/)`;
    const id = `${i < withIngress ? "kube_ing" : "kube_rg"}__default__app_${i + 1}`;
    add(`${id}__root`, `${host} && PathSubtree("/")`);
    add(`${id}__api`, `${host} && PathSubtree("/api")`);
    add(`${id}__static`, `${host} && PathSubtree("/static")`);
    if (i >= withIngress) add(`${id}__post`, `${host} && PathSubtree("/") && Methods("POST", "PUT")`);
  }
  lines.push('healthz: Path("/kube-system/healthz") -> status(200) -> <shunt>;');
  lines.push('wellknown: PathSubtree("/.well-known") -> status(404) -> <shunt>;');
  lines.push('unknownHost: * && Header("X-Unknown", "1") -> status(404) -> <shunt>;');
  return { text: `${lines.join("\n")}\n`, routes: lines.length, hosts };
}
