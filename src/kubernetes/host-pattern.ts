// The Host pattern of routes from Kubernetes (spec kubernetes 7.1): a list of names, each with an optional dot and port. A name that
// begins with `*.` stands for exactly one label more, as the Ingress API says (decisions: wildcard hosts).

const TAIL = "[.]?(:[0-9]+)?";
const ANY_LABEL = "[^.]+";

export function hostPattern(hosts: readonly string[]): string {
  // Joined in one step: what is put together piece by piece stays a chain of pieces in memory.
  return ["^(", hosts.map((host) => namePattern(host) + TAIL).join("|"), ")$"].join("");
}

function namePattern(host: string): string {
  const rest = host.startsWith("*.") ? host.slice(1) : host;
  return (rest === host ? "" : ANY_LABEL) + rest.replaceAll(".", "[.]");
}
