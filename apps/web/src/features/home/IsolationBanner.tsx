import { useQuery } from "@tanstack/react-query";
import { X } from "lucide-react";
import { useState } from "react";
import { isStringArray, readStored, writeStored } from "../../lib/storage.ts";
import { Banner } from "../../ui/Banner.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { configQuery } from "../auth/index.ts";

const dismissedKey = "tesslate.isolation-warnings.read";

/** Missing isolation of sandboxes on this machine. Shown until dismissed, and again when the warnings change. */
export function IsolationBanner({ className }: { className?: string }) {
  const { data: config } = useQuery(configQuery);
  const [read, setRead] = useState(() => readStored(localStorage, dismissedKey, isStringArray) ?? []);
  const warnings = (config?.isolation_warnings ?? []).filter((warning) => !read.includes(warning));
  if (warnings.length === 0) return null;
  return (
    <Banner
      tone="warn"
      {...(className && { className })}
      action={
        <IconButton
          size="sm"
          label="Dismiss warning"
          onClick={() => {
            const next = config?.isolation_warnings ?? [];
            setRead(next);
            writeStored(localStorage, dismissedKey, next);
          }}
        >
          <X size={14} />
        </IconButton>
      }
    >
      Projects run with less isolation on this machine. <span className="text-fg-2">{warnings.join(" ")}</span>
    </Banner>
  );
}
