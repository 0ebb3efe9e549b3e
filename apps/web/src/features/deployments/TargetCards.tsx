import type { DeploymentProviderInfo, DeployProvider } from "@tesslate/contract";
import { Cloud, Server } from "lucide-react";
import { RadioGroup } from "radix-ui";
import { cx } from "../../lib/cx.ts";
import { deployProviderNames, providers as all } from "./deployments.ts";

const lines: Record<DeployProvider, string> = {
  local: "A URL on this server. No account needed.",
  vercel: "Sites and functions. Can build from source.",
  netlify: "Sites from built files.",
  cloudflare: "Workers with static files.",
};

/** The deployment targets, each with its connection status. */
export function TargetCards({
  value,
  onChange,
  providers,
}: {
  value: DeployProvider;
  onChange: (provider: DeployProvider) => void;
  providers: readonly DeploymentProviderInfo[] | undefined;
}) {
  return (
    <RadioGroup.Root
      aria-label="Target"
      value={value}
      onValueChange={(next) => onChange(next as DeployProvider)}
      className="grid grid-cols-2 gap-2 narrow:grid-cols-1"
    >
      {all.map((provider) => {
        const known = providers?.find((candidate) => candidate.name === provider);
        return (
          <RadioGroup.Item
            key={provider}
            value={provider}
            className={cx(
              "flex items-start gap-2.5 rounded-3 border px-3 py-2.5 text-left hover:bg-bg-2",
              value === provider ? "border-fg-0 ring ring-fg-0" : "border-line-1",
            )}
          >
            {provider === "local" ? (
              <Server size={16} className="mt-px flex-none text-fg-1" />
            ) : (
              <Cloud size={16} className="mt-px flex-none text-fg-1" />
            )}
            <span className="min-w-0 flex-1">
              <span className="flex items-center gap-2">
                <b className="min-w-0 flex-1 truncate">{deployProviderNames[provider]}</b>
                {provider === "local" ? null : known ? (
                  <span className={cx("flex-none text-2xs font-medium", known.connected ? "text-ok" : "text-fg-2")}>
                    {known.connected ? "Connected" : "Not connected"}
                  </span>
                ) : null}
              </span>
              <span className="block text-xs text-fg-2">{lines[provider]}</span>
            </span>
          </RadioGroup.Item>
        );
      })}
    </RadioGroup.Root>
  );
}
