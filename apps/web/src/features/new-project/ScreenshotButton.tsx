import { useSuspenseQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { ImagePlus } from "lucide-react";
import { useRef, useState } from "react";
import { suggestDraft } from "../../project/draft.queries.ts";
import { usePastedFiles } from "../../lib/use-dropped-files.ts";
import { Button } from "../../ui/Button.tsx";
import { useHeldAttachments } from "../chat/index.ts";
import { meQuery } from "../users/index.ts";

const request = "Rebuild the page in this screenshot: the same layout, colors, texts and proportions, usable on phones too.";

/** Takes an image to the prompt on Home, with the request to rebuild it. Also takes images that are pasted on the page. */
export function ScreenshotButton({ className }: { className?: string }) {
  const { data: user } = useSuspenseQuery(meQuery);
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const attachments = useHeldAttachments();
  const picker = useRef<HTMLInputElement>(null);
  const [problem, setProblem] = useState<string>();
  const take = async (files: File[]) => {
    const images = files.filter(({ type }) => type.startsWith("image/"));
    if (images.length === 0) return setProblem("Choose an image, for example a PNG or JPEG file.");
    const failure = attachments.add(images);
    if (failure !== undefined) return setProblem(failure);
    setProblem(undefined);
    await suggestDraft(queryClient, user.id, request);
    await navigate({ to: "/" });
  };
  usePastedFiles((files) => void take(files));
  return (
    <>
      <Button className={className} icon={<ImagePlus size={14} />} onClick={() => picker.current?.click()}>
        From a screenshot…
      </Button>
      <input
        ref={picker}
        type="file"
        accept="image/*"
        hidden
        aria-label="Screenshot"
        onChange={(event) => {
          void take([...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = "";
        }}
      />
      {problem ? (
        <p role="alert" className="basis-full text-xs text-err">
          {problem}
        </p>
      ) : null}
    </>
  );
}
