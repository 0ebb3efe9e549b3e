interface Pods {
  kubeconfig?: string | undefined;
  namespace: string;
  image: string;
  allowFrom: readonly string[];
}

/** Settings of a server whose projects run in small pods of the test cluster. */
export const podSettings = ({ kubeconfig = "", namespace, image, allowFrom }: Pods): Record<string, string> => ({
  RUNTIME_DRIVER: "kubernetes",
  KUBECONFIG: kubeconfig,
  KUBERNETES_NAMESPACE: namespace,
  KUBERNETES_IMAGE: image,
  KUBERNETES_ALLOW_FROM: allowFrom.join(","),
  KUBERNETES_VOLUME_MB: "512",
  KUBERNETES_REQUEST_MEMORY_MB: "32",
  KUBERNETES_REQUEST_CPU: "0.01",
});
