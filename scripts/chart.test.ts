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
    ["routeServer.mode=Exec", "routeServer.fallback.enabled=true", "kubernetes.tls=true"],
    ["routeServer.mode=Exec", "routeServer.fallback.enabled=true", "routeServer.fallback.budget=0.5"],
    ["routeServer.mode=Pre", "routeServer.fallback.enabled=true", "routeServer.flags[0]=-edit-route=/a/b/"],
    ["routeServer.mode=Exec", "routeServer.cache.enabled=false", "routeServer.urls={http://a/routes,http://b/routes}"],
    ["routeServer.mode=Exec", "routeServer.cache.volume.emptyDir.sizeLimit=64Mi"],
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
  const podOf = (mode: string, ...settings: string[]) =>
    render(`routeServer.mode=${mode}`, ...settings).manifests.find((one) => nameOf(one) === PROXY)!.spec.template.spec;
  const flagsOf = (mode: string, ...settings: string[]) => podOf(mode, ...settings).containers[0].args as string[];
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
    assert.doesNotMatch(flags.join(" "), /fallback|kubernetes/);
  });

  test("Exec with other replicas: their URLs with bars, of which Pre compares with the first", () => {
    const urls = "routeServer.urls={http://rs-1/routes,https://rs-2/routes}";
    assert.ok(flagsOf("Exec", urls).includes("-routes-urls=http://rs-1/routes|https://rs-2/routes"));
    assert.ok(flagsOf("Pre", urls).includes("-routes-shadow-url=http://rs-1/routes"));
  });

  test("Exec keeps the last good table in a volume, if that is wished for", () => {
    const { containers, volumes } = podOf("Exec", "routeServer.cache.volume.emptyDir.sizeLimit=64Mi");
    assert.deepEqual(volumes, [{ name: "cache", emptyDir: { sizeLimit: "64Mi" } }]);
    assert.deepEqual(containers[0].volumeMounts, [{ name: "cache", mountPath: "/cache" }]);
    const without = podOf("Exec", "routeServer.cache.enabled=false");
    assert.equal(without.volumes, undefined);
    assert.doesNotMatch(without.containers[0].args.join(" "), /cache/);
  });

  for (const [slices, endpoints] of [
    [true, "endpointslices"],
    [false, "endpoints"],
  ] as const) {
    test(`Exec with the fallback: proxies can read the cluster, with the flags of whoever does and ${endpoints}`, () => {
      const fallback = { enabled: true, after: "90s", budget: 2.5, fleet: 300 };
      const { manifests } = render(
        "routeServer.mode=Exec",
        `kubernetes.endpointSlices=${slices}`,
        ...Object.entries(fallback).map(([name, value]) => `routeServer.fallback.${name}=${value}`),
      );
      const proxy = manifests.find((one) => nameOf(one) === PROXY)!;
      const flags = proxy.spec.template.spec.containers[0].args as string[];
      for (const flag of [
        `-routes-urls=${url}`,
        "-routes-fallback-kubernetes",
        "-routes-fallback-after=90s",
        "-routes-fallback-budget=2.5",
        "-routes-fallback-fleet=300",
        "-kubernetes-in-cluster",
        "-kubernetes-path-mode=path-prefix",
      ]) {
        assert.ok(flags.includes(flag), flag);
      }
      assert.equal(flags.includes("-enable-kubernetes-endpointslices"), slices);
      assert.ok(!flags.includes("-kubernetes"));
      const role = manifests.find((one) => nameOf(one) === "ClusterRole skipper-ingress") as unknown as Role;
      for (const resource of ["ingresses", "routegroups", "services", endpoints]) {
        const verbs = role.rules.filter(({ resources }) => resources.includes(resource)).flatMap((rule) => rule.verbs);
        assert.deepEqual(verbs, ["list", "watch"], resource);
      }
    });
  }

  test("the fallback is not for flags that make other routes at the Route Server, or change them twice", () => {
    for (const [setting, reason] of [
      ["routeServer.flags[0]=-edit-route=/a/b/", /-edit-route=\/a\/b\/ changes routes, .* it belongs to flags/],
      ["kubernetes.flags[0]=-default-filters-append=status(1)", /-default-filters-append\S+ changes routes/],
      ["routeServer.flags[0]=-kubernetes-path-mode=path-prefix", /makes routes, .* it belongs to kubernetes.flags/],
      ["routeServer.flags[0]=-enable-kubernetes-east-west", /makes routes/],
    ] as const) {
      assert.match(render("routeServer.mode=Exec", "routeServer.fallback.enabled=true", setting).failure, reason);
    }
  });
});

interface Role {
  readonly rules: readonly { readonly resources: readonly string[]; readonly verbs: readonly string[] }[];
}

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
    "routeServer.urls={rs-1}",
    "routeServer.urls={http://rs-1/routes|http://rs-2/routes}",
    "routeServer.cache.volume=null",
    "routeServer.fallback.after=soon",
    "routeServer.fallback.budget=0",
    "routeServer.fallback.fleet=-1",
  ]) {
    test(setting, () => assert.notEqual(render(setting).failure, ""));
  }
});

test("the chart has the version of the package", () => {
  const [chart] = readManifests(readFileSync(at("deploy/chart/Chart.yaml"), "utf8")).manifests;
  const { version } = JSON.parse(readFileSync(at("package.json"), "utf8")) as { version: string };
  assert.deepEqual([chart?.version, chart?.appVersion], [version, version]);
});
