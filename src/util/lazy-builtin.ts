// Modules of Node that only some processes need, loaded where they are first used: an idle proxy must stay small (budget P9).
// An `import` of node:http runs the getters of all its exports and so loads its WebSocket and fetch (14 MB, 30 ms), one of node:tls
// copies every root certificate; this way of loading does neither. Later calls are a look-up in a map: not for every request.

export function http(): typeof import("node:http") {
  return process.getBuiltinModule("node:http");
}

export function https(): typeof import("node:https") {
  return process.getBuiltinModule("node:https");
}

export function tls(): typeof import("node:tls") {
  return process.getBuiltinModule("node:tls");
}

export function zlib(): typeof import("node:zlib") {
  return process.getBuiltinModule("node:zlib");
}

export function crypto(): typeof import("node:crypto") {
  return process.getBuiltinModule("node:crypto");
}

export function dnsPromises(): typeof import("node:dns/promises") {
  return process.getBuiltinModule("node:dns/promises");
}
