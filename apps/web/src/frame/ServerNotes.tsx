import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { X } from "lucide-react";
import { useState } from "react";
import { configQuery } from "../features/auth/auth.queries.ts";
import { modelSetupQuery } from "../features/models/models.queries.ts";
import { isStringArray, readStored, writeStored } from "../lib/storage.ts";
import { Banner } from "../ui/Banner.tsx";
import { IconButton } from "../ui/IconButton.tsx";
import { Dot } from "../ui/Pill.tsx";

const dismissedKey = "tesslate.isolation-warnings.read";

/** On every screen while replies come from a script. */
export function DemoStrip() {
  const { data: config } = useQuery(configQuery);
  // Known already where the set-up card was seen; not asked for on its account.
  const { data: setup } = useQuery({ ...modelSetupQuery, enabled: false });
  if (!config?.demo && !setup?.demo) return null;
  return (
    <p className="flex h-[26px] flex-none items-center gap-2 px-3 text-2xs text-fg-2">
      <Dot shape="half" tone="warn" />
      <span className="min-w-0 truncate">
        <b>Scripted demo.</b> Replies come from a script; no model is asked.
      </span>
      <Link to="/settings/models" className="link flex-none">
        Change
      </Link>
    </p>
  );
}

/** What the sandbox cannot promise on this machine; shown until read, and again when it changes. */
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
          label="Understood"
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
