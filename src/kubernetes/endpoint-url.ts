// The address of one endpoint as routes have it.

/** `http://10.0.0.1:80`; IPv6 addresses stand in brackets. */
export function endpointUrl(scheme: string, ip: string, port: number): string {
  // Joined in one step: what is put together piece by piece stays a chain of pieces in memory.
  return [scheme, "://", ip.includes(":") ? `[${ip}]` : ip, ":", port].join("");
}
