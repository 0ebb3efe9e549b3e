import { useSuspenseQuery } from "@tanstack/react-query";
import { useRef } from "react";
import { hasCode, sentenceOf } from "../../lib/errors.ts";
import { Avatar } from "../../ui/Avatar.tsx";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { toast } from "../../ui/toast.tsx";
import { meQuery, useSetAvatar } from "../users/index.ts";

const accepted = "image/png,image/jpeg,image/webp,image/gif,image/avif";
const maxBytes = 5 * 1024 * 1024;

/** The picture of oneself; initials where there is none. */
export function AvatarSection() {
  const { data: user } = useSuspenseQuery(meQuery);
  const input = useRef<HTMLInputElement>(null);
  const set = useSetAvatar();
  const choose = (file: File | undefined) => {
    if (!file) return;
    set.mutate(file, { onSuccess: () => toast("Picture saved.") });
  };
  const tooLarge = hasCode(set.error, "file_too_large", "payload_too_large");
  return (
    <SettingsSection
      title="Picture"
      hint="Shown beside your name, to everybody. It is cut to a square; notes in the file, such as the place it was taken at, are left out."
    >
      {set.error ? (
        <Banner tone="err" className="mb-3">
          {tooLarge ? `A picture may have at most ${maxBytes / 2 ** 20} MiB.` : sentenceOf(set.error)}
        </Banner>
      ) : null}
      <div className="flex flex-wrap items-center gap-4">
        <Avatar name={user.name} url={user.avatar_url} className="size-14! text-lg!" />
        <input
          ref={input}
          type="file"
          accept={accepted}
          aria-label="Picture"
          className="sr-only"
          tabIndex={-1}
          onChange={(event) => {
            choose(event.target.files?.[0]);
            // The same file may be chosen again.
            event.target.value = "";
          }}
        />
        <Button isLoading={set.isPending} loadingWord="Saving" onClick={() => input.current?.click()}>
          {user.avatar_url ? "Change the picture" : "Upload a picture"}
        </Button>
        {user.avatar_url ? (
          <Button
            variant="ghost"
            onClick={() => set.mutate(undefined, { onSuccess: () => toast("Picture removed.") })}
            disabled={set.isPending}
          >
            Remove
          </Button>
        ) : null}
      </div>
    </SettingsSection>
  );
}
