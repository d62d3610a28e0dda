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
  const byName = (objects: readonly Manifest[]) =>
    Object.fromEntries(objects.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1)).map((one) => [nameOf(one), one]));
  // What these grant the chart puts into its one role.
  const rest = shippedManifests().filter((one) => !/^ClusterRole.* skipper-ingress-(status|tls)$/.test(nameOf(one)));
  assert.deepEqual(byName(manifests.map(withoutChartLabels)), byName(rest));
});

/** The labels that helm wants on everything; the manifests have none. */
function withoutChartLabels(manifest: Manifest): Manifest {
  const { labels } = manifest.metadata;
  if (labels === undefined) return manifest;
  const own = Object.entries(labels).filter(([key]) => !/^(app\.kubernetes\.io|helm\.sh)\//.test(key));
  return { ...manifest, metadata: { ...manifest.metadata, labels: Object.fromEntries(own) } };
}

describe("values that are not right stop the rendering", { skip }, () => {
  for (const setting of ["prot=1", "port=99999", "webhook.failurePolicy=Maybe", "kubernetes.statusFromService=x"]) {
    test(setting, () => assert.notEqual(render(setting).failure, ""));
  }
});

test("the chart has the version of the package", () => {
  const [chart] = readManifests(readFileSync(at("deploy/chart/Chart.yaml"), "utf8")).manifests;
  const { version } = JSON.parse(readFileSync(at("package.json"), "utf8")) as { version: string };
  assert.deepEqual([chart?.version, chart?.appVersion], [version, version]);
});
