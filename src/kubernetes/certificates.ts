// The certificates that an object wants for its hosts (spec kubernetes 13). Whether a Secret holds a good one is seen by
// certificate-registry.ts.

import type { Metadata, TlsEntry } from "./objects.ts";
import type { CertificateWish, ClusterView, Problem } from "./translation.ts";

/** `what` and `which` name the object and its hosts in messages: `Ingress` and `ingress hosts`. */
export function certificateWishes(
  metadata: Metadata,
  entries: readonly TlsEntry[],
  ownHosts: readonly string[],
  what: "Ingress" | "RouteGroup",
  view: ClusterView,
): { readonly wishes: readonly CertificateWish[]; readonly problems: readonly Problem[] } {
  const wishes: CertificateWish[] = [];
  const problems: Problem[] = [];
  const tell = (level: Problem["level"], message: string) => problems.push({ level, message, bare: false });
  for (const { hosts, secretName } of entries) {
    const served = hosts.filter((host) => ownHosts.includes(host));
    const lists = `tls hosts: [${hosts.join(" ")}], ${what.toLowerCase()} hosts: [${ownHosts.join(" ")}]`;
    if (served.length === 0) {
      tell("error", `No matching tls hosts found - ${lists}`);
      continue;
    }
    if (served.length < hosts.length) tell("info", `Hosts in TLS and ${what} don't match: ${lists}`);
    if (secretName === "") {
      tell("debug", `No tls secret defined for hosts - [${served.join(" ")}]`);
      continue;
    }
    const secret = view.secret(metadata.namespace, secretName);
    if (secret === undefined) tell("error", `Failed to find secret ${secretName} in namespace ${metadata.namespace}`);
    else wishes.push({ hosts: served, secret });
  }
  return { wishes, problems };
}
