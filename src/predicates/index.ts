// All predicates of the product, sorted by name. app/ puts them into the registry.

import type { PredicateSpec } from "../spec/predicate.ts";
import { after } from "./after.ts";
import { any } from "./any.ts";
import { before } from "./before.ts";
import { between } from "./between.ts";
import { clientIp } from "./client-ip.ts";
import { contentLengthBetween } from "./content-length-between.ts";
import { cookie } from "./cookie.ts";
import { cron } from "./cron.ts";
import { alwaysFalse } from "./false.ts";
import { forwardedHost } from "./forwarded-host.ts";
import { forwardedProtocol } from "./forwarded-protocol.ts";
import { header } from "./header.ts";
import { headerRegexp } from "./header-regexp.ts";
import { headerSha256 } from "./header-sha256.ts";
import { host } from "./host.ts";
import { hostAny } from "./host-any.ts";
import { jwtPayloadAllKv } from "./jwt-payload-all-kv.ts";
import { jwtPayloadAllKvRegexp } from "./jwt-payload-all-kv-regexp.ts";
import { jwtPayloadAnyKv } from "./jwt-payload-any-kv.ts";
import { jwtPayloadAnyKvRegexp } from "./jwt-payload-any-kv-regexp.ts";
import { matchAll } from "./match-all.ts";
import { method } from "./method.ts";
import { methods } from "./methods.ts";
import { otelBaggage } from "./otel-baggage.ts";
import { path } from "./path.ts";
import { pathRegexp } from "./path-regexp.ts";
import { pathSubtree } from "./path-subtree.ts";
import { queryParam } from "./query-param.ts";
import { shutdown } from "./shutdown.ts";
import { source } from "./source.ts";
import { sourceFromLast } from "./source-from-last.ts";
import { tee } from "./tee.ts";
import { traffic } from "./traffic.ts";
import { trafficSegment } from "./traffic-segment.ts";
import { alwaysTrue } from "./true.ts";
import { weight } from "./weight.ts";

export const predicateSpecs: readonly PredicateSpec[] = [
  matchAll,
  after,
  any,
  before,
  between,
  clientIp,
  contentLengthBetween,
  cookie,
  cron,
  alwaysFalse,
  forwardedHost,
  forwardedProtocol,
  header,
  headerRegexp,
  headerSha256,
  host,
  hostAny,
  jwtPayloadAllKv,
  jwtPayloadAllKvRegexp,
  jwtPayloadAnyKv,
  jwtPayloadAnyKvRegexp,
  method,
  methods,
  otelBaggage,
  path,
  pathRegexp,
  pathSubtree,
  queryParam,
  shutdown,
  source,
  sourceFromLast,
  tee,
  traffic,
  trafficSegment,
  alwaysTrue,
  weight,
];
