import { X } from "lucide-react";
import type { AdminUser, Tier } from "@tesslate/contract";
import { Dot, Pill } from "../../ui/Pill.tsx";

export const tierWords: Record<Tier, string> = { free: "Free", basic: "Basic", pro: "Pro", ultra: "Ultra" };
export const tierOptions = Object.entries(tierWords).map(([value, label]) => ({ value: value as Tier, label }));

/** State of an account, as an icon and a word. */
export function UserState({ user }: { user: Pick<AdminUser, "is_active" | "is_suspended" | "is_deleted" | "is_verified"> }) {
  if (user.is_deleted)
    return (
      <Pill isBare icon={<Dot shape="ring" />}>
        Deleted
      </Pill>
    );
  if (user.is_suspended)
    return (
      <Pill isBare tone="err" icon={<X />}>
        Suspended
      </Pill>
    );
  if (!user.is_active)
    return (
      <Pill isBare icon={<Dot shape="ring" />}>
        Disabled
      </Pill>
    );
  return user.is_verified ? (
    <Pill isBare tone="ok" icon={<Dot shape="filled" tone="ok" />}>
      Active
    </Pill>
  ) : (
    <Pill isBare tone="ok" icon={<Dot shape="half" tone="ok" />} title="Email address not confirmed">
      Active, unconfirmed
    </Pill>
  );
}
