import { useSuspenseQuery } from "@tanstack/react-query";
import { formatByteLimit } from "../../lib/bytes.ts";
import { hasCode, sentenceOf } from "../../lib/errors.ts";
import { Avatar } from "../../ui/Avatar.tsx";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { PictureButton } from "../../ui/PictureButton.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { toast } from "../../ui/toast.tsx";
import { meQuery, useSetAvatar } from "../users/index.ts";

const maxBytes = 5 * 1024 * 1024;

/** The user's picture, or initials without one. */
export function AvatarSection() {
  const { data: user } = useSuspenseQuery(meQuery);
  const set = useSetAvatar();
  const tooLarge = hasCode(set.error, "file_too_large", "payload_too_large");
  return (
    <SettingsSection
      id="picture"
      title="Picture"
      hint="Everyone can see it next to your name. We crop it to a square and remove metadata such as the location."
    >
      {set.error ? (
        <Banner tone="err" className="mb-3">
          {tooLarge ? `Pictures are limited to ${formatByteLimit(maxBytes)}.` : sentenceOf(set.error)}
        </Banner>
      ) : null}
      <div className="flex flex-wrap items-center gap-4">
        <Avatar name={user.name} url={user.avatar_url} className="size-14! text-lg!" />
        <PictureButton
          label="Picture"
          isLoading={set.isPending}
          onFile={(file) => set.mutate(file, { onSuccess: () => toast("Picture saved.") })}
        >
          {user.avatar_url ? "Change picture" : "Upload picture"}
        </PictureButton>
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
