// The chart as helm renders it, where helm is there (.ci/run brings it): the same checks as for the manifests, and the same objects.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import {
  at,
  checkArguments,
  checkReferences,
  checkSchema,
  type Manifest,
  nameOf,
  readManifests,
  shippedManifests,
} from "./deployment.ts";

const helm = spawnSync("helm", ["version"]).status === 0;
const skip = helm ? false : "skipped: helm absent";
const PROXY = "Deployment kube-system/skipper-ingress";

interface Rendered {
  readonly manifests: Manifest[];
  readonly failure: string;
}

function render(...settings: string[]): Rendered {
  const flags = ["--namespace", "kube-system", "--kube-version", "1.34.0", "--include-crds"];
  const sets = settings.flatMap((setting) => ["--set", setting]);
  const { status, stdout, stderr } = spawnSync(
    "helm",
    ["template", "skipper-ingress", at("deploy/chart"), ...flags, ...sets],
    { encoding: "utf8" },
  );
  if (status !== 0) return { manifests: [], failure: stderr };
  const { manifests, problems } = readManifests(stdout);
  assert.deepEqual(problems, []);
  return { manifests, failure: "" };
}

describe("the chart has no faults", { skip }, () => {
  for (const settings of [
    [],
    ["webhook.enabled=true", "serviceMonitor.enabled=true"],
    ["webhook.enabled=true", "webhook.ingresses=false", "webhook.caBundle=YQ==", "webhook.tlsSecret=mine"],
    ["kubernetes.tls=true", "kubernetes.statusFromService=kube-system/lb", "kubernetes.endpointSlices=false"],
    ["routeServer.mode=Pre", "kubernetes.statusFromService=kube-system/lb"],
    ["routeServer.mode=Exec", "kubernetes.tls=true", "kubernetes.statusFromService=kube-system/lb"],
    ["routeServer.mode=Exec", "kubernetes.endpointSlices=false", "routeServer.flags[0]=-edit-route=/a/b/"],
    ["routeServer.mode=False"],
    ["hostNetwork=false", "hostPort=false", "autoscaling.enabled=false", "replicas=2", "service.type=LoadBalancer"],
    ["image.tag=1.2.3", "image.pullSecrets[0].name=pull", "tolerations[0].operator=Exists", "nodeSelector.a=b"],
    ["podLabels.team=edge", "podAnnotations.note=x", "serviceAccount.annotations.role=y", "service.annotations.z=1s"],
  ]) {
    test(settings.join(" ") || "as it comes", () => {
      const { manifests, failure } = render(...settings);
      assert.equal(failure, "");
      const faults = [...manifests.flatMap(checkSchema), ...checkReferences(manifests), ...checkArguments(manifests)];
      assert.deepEqual(faults, []);
    });
  }
});

test("the chart renders what stands in deploy/kubernetes", { skip }, () => {
  const annotation = "webhook.annotations.cert-manager\\.io/inject-ca-from=kube-system/skipper-ingress-webhook";
  const { manifests, failure } = render("webhook.enabled=true", "serviceMonitor.enabled=true", annotation);
  assert.equal(failure, "");
  const servers = render("routeServer.mode=Pre").manifests.filter(isOfRouteServer);
  const byName = (objects: readonly Manifest[]) =>
    Object.fromEntries(objects.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1)).map((one) => [nameOf(one), one]));
  // What these grant the chart puts into its one role.
  const rest = shippedManifests().filter((one) => !/^ClusterRole.* skipper-ingress-(status|tls)$/.test(nameOf(one)));
  assert.deepEqual(byName([...manifests, ...servers].map(withoutChartLabels)), byName(rest));
});

describe("the mode of the Route Server", { skip }, () => {
  const flagsOf = (mode: string) => {
    const proxy = render(`routeServer.mode=${mode}`).manifests.find((one) => nameOf(one) === PROXY);
    return proxy?.spec.template.spec.containers[0].args as string[];
  };
  const url = "http://skipper-ingress-routesrv.kube-system.svc:9090/routes";
  const cluster = ["-kubernetes", "-kubernetes-path-mode=path-prefix", "-enable-kubernetes-endpointslices"];

  test("False: there is none", () => {
    assert.equal(render("routeServer.mode=False").manifests.filter(isOfRouteServer).length, 0);
    assert.doesNotMatch(flagsOf("False").join(" "), /routesrv/);
  });

  test("Pre: proxies read the cluster, and compare", () => {
    for (const flag of [...cluster, `-routes-shadow-url=${url}`]) assert.ok(flagsOf("Pre").includes(flag), flag);
  });

  test("Exec: proxies read from it", () => {
    const flags = flagsOf("Exec");
    for (const flag of [`-routes-urls=${url}`, "-routes-cache-file=/cache/routes", "-normalize-host"]) {
      assert.ok(flags.includes(flag), flag);
    }
    for (const flag of cluster) assert.ok(!flags.includes(flag), flag);
  });
});

function isOfRouteServer({ metadata }: Manifest): boolean {
  return metadata.labels?.component === "routesrv";
}

/** The labels that helm wants on everything; the manifests have none. */
function withoutChartLabels(manifest: Manifest): Manifest {
  const { labels } = manifest.metadata;
  if (labels === undefined) return manifest;
  const own = Object.entries(labels).filter(([key]) => !/^(app\.kubernetes\.io|helm\.sh)\//.test(key));
  return { ...manifest, metadata: { ...manifest.metadata, labels: Object.fromEntries(own) } };
}

describe("values that are not right stop the rendering", { skip }, () => {
  for (const setting of [
    "prot=1",
    "port=99999",
    "webhook.failurePolicy=Maybe",
    "kubernetes.statusFromService=x",
    "routeServer.mode=On",
  ]) {
    test(setting, () => assert.notEqual(render(setting).failure, ""));
  }
});

test("the chart has the version of the package", () => {
  const [chart] = readManifests(readFileSync(at("deploy/chart/Chart.yaml"), "utf8")).manifests;
  const { version } = JSON.parse(readFileSync(at("package.json"), "utf8")) as { version: string };
  assert.deepEqual([chart?.version, chart?.appVersion], [version, version]);
});
