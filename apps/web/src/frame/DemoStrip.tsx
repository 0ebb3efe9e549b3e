import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { configQuery } from "../features/auth/index.ts";
import { modelSetupQuery } from "../features/models/index.ts";
import { Dot } from "../ui/Pill.tsx";

/** Shown on every page in demo mode. */
export function DemoStrip() {
  const { data: config } = useQuery(configQuery);
  // Only from the cache of the set-up card; not requested here.
  const { data: setup } = useQuery({ ...modelSetupQuery, enabled: false });
  if (!config?.demo && !setup?.demo) return null;
  return (
    <p className="flex h-6.5 flex-none items-center gap-2 px-3 text-2xs text-fg-2">
      <Dot shape="half" tone="warn" />
      <span className="min-w-0 truncate">
        <b>Scripted demo.</b> Replies come from a script, not from a model.
      </span>
      <Link to="/settings/models" className="link flex-none">
        Connect model
      </Link>
    </p>
  );
}
