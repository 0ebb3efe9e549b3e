import { isIP } from "node:net";
import { privateRanges } from "../host/network/filter.ts";
import type { OutboundRules } from "../host/network/outbound-rules.ts";
import type { ApiObject, Cluster } from "./cluster.ts";
import { labels, manager } from "./labels.ts";
import { runnerPort } from "./pod-template.ts";

const api = { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy" } as const;
const ours = { [labels.managedBy]: manager };
const tcp = (port: number, endPort?: number) => ({ protocol: "TCP", port, ...(endPort !== undefined && { endPort }) });
const udp = (port: number, endPort?: number) => ({ protocol: "UDP", port, ...(endPort !== undefined && { endPort }) });
const range = (text: string) => (text.includes("/") ? text : `${text}/32`);

/** An address, a range, or `[namespace/]label=value` of pods. */
export function peerOf(text: string): Record<string, unknown> {
  const [address = ""] = text.split("/");
  if (isIP(address) !== 0) return { ipBlock: { cidr: isIP(address) === 4 ? range(text) : text.includes("/") ? text : `${text}/128` } };
  const slash = text.indexOf("/");
  const equals = text.indexOf("=");
  // The label's own name may have a slash.
  const hasNamespace = slash > 0 && !text.slice(0, slash).includes(".") && slash < equals;
  const [namespace, label] = hasNamespace ? [text.slice(0, slash), text.slice(slash + 1)] : [undefined, text];
  const [key = "", value = ""] = label.split("=");
  return {
    podSelector: { matchLabels: { [key]: value } },
    ...(namespace !== undefined && { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } } }),
  };
}

/**
 * What the pods of sandboxes may reach and be reached by: nobody but servers, at the runner's port; the cluster's DNS; and public addresses
 * without the port of mail. Pods with the network `none` reach nothing.
 */
export function networkPolicies({ allowFrom, rules }: { allowFrom: readonly string[]; rules: OutboundRules }): ApiObject[] {
  const policy = (name: string, spec: Record<string, unknown>): ApiObject => ({ ...api, metadata: { name, labels: ours }, spec });
  const all = { matchLabels: ours, matchExpressions: [{ key: labels.workload, operator: "Exists" }] };
  const online = { ...all, matchLabels: { ...ours, [labels.network]: "internet" } };
  return [
    policy("studio-deny-all", { podSelector: all, policyTypes: ["Ingress", "Egress"] }),
    policy("studio-from-servers", {
      podSelector: all,
      policyTypes: ["Ingress"],
      // The client's name of `from`; it leaves out fields that it does not know.
      ingress: [{ _from: allowFrom.map(peerOf), ports: [tcp(runnerPort)] }],
    }),
    policy("studio-to-internet", {
      podSelector: online,
      policyTypes: ["Egress"],
      egress: [
        {
          to: [
            {
              namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } },
              podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
            },
          ],
          ports: [udp(53), tcp(53)],
        },
        {
          to: [{ ipBlock: { cidr: "0.0.0.0/0", except: [...new Set([...privateRanges, ...rules.refused.map(range)])] } }],
          ports: [tcp(1, 24), tcp(26, 65_535), udp(1, 65_535)],
        },
        ...(rules.hosts.length === 0 ? [] : [{ to: rules.hosts.map((host) => ({ ipBlock: { cidr: range(host) } })) }]),
        ...rules.ports.map(({ ip, port }) => ({ to: [{ ipBlock: { cidr: range(ip) } }], ports: [tcp(port)] })),
      ],
    }),
  ];
}

export async function applyNetworkPolicies(cluster: Cluster, options: Parameters<typeof networkPolicies>[0]): Promise<void> {
  for (const policy of networkPolicies(options)) await cluster.apply(policy);
}
