import { useQuery } from "@tanstack/react-query";
import type { ElementEditReason } from "@tesslate/contract";
import { Upload } from "lucide-react";
import { useRef, useState, type ReactNode } from "react";
import { partKey } from "../../../project/cache-keys.ts";
import { useProject } from "../../../project/project-context.ts";
import { useServices } from "../../../project/services.ts";
import { Button } from "../../../ui/Button.tsx";
import { Field } from "../../../ui/Field.tsx";
import { Input } from "../../../ui/Input.tsx";
import { Select } from "../../../ui/Select.tsx";
import { addressOf } from "./image-address.ts";
import { LeftToAgent } from "./LeftToAgent.tsx";
import { ErrorSentence } from "../../../ui/HelpLink.tsx";

const most = 200;

/** The image of an element: an address, one of the project's images, or an upload. */
export function ImageSource({
  value,
  reason,
  directory,
  isHtml,
  onChange,
  onAsk,
}: {
  value: string;
  reason: ElementEditReason | null;
  directory: string;
  /** A page without a bundler: addresses are relative to its file. */
  isHtml: boolean;
  onChange: (value: string) => void;
  onAsk: () => void;
}) {
  const { api, uploading } = useServices();
  const project = useProject();
  const [text, setText] = useState(value);
  const [isUploading, setIsUploading] = useState(false);
  const [failure, setFailure] = useState<ReactNode>();
  const picker = useRef<HTMLInputElement>(null);
  const images = useQuery({
    queryKey: [...partKey(project.id, "assets"), "images"],
    queryFn: ({ signal }) => api.assets.list({ params: { id: project.id }, query: { file_type: "image", limit: most } }, { signal }),
    enabled: reason === null,
    staleTime: 0,
  });
  const options = (images.data?.items ?? []).flatMap(({ path }) => {
    const address = addressOf(path, directory, isHtml);
    return address === undefined ? [] : [{ value: address, label: path }];
  });
  const upload = async (file: File) => {
    setIsUploading(true);
    setFailure(undefined);
    const form = new FormData();
    form.append("directory", directory === "." ? "public" : `${directory}/public`);
    form.append("file", file, file.name);
    try {
      const asset = await uploading(() => undefined).assets.upload({ params: { id: project.id }, form });
      const address = addressOf(asset.path, directory, isHtml);
      if (address !== undefined) onChange(address);
      await images.refetch();
    } catch (error) {
      setFailure(<ErrorSentence of={error} />);
    } finally {
      setIsUploading(false);
    }
  };
  return (
    <Field label="Image" hint={reason ? <LeftToAgent reason={reason} onAsk={onAsk} /> : undefined} error={failure}>
      <div className="flex flex-col gap-1.5">
        <Input
          size="sm"
          aria-label="Image address"
          value={text}
          readOnly={reason !== null}
          spellCheck={false}
          className="font-mono read-only:text-fg-2"
          onChange={(event) => setText(event.target.value)}
          onBlur={() => text !== value && onChange(text)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && text !== value) onChange(text);
          }}
        />
        {reason === null ? (
          <div className="flex items-center gap-1.5">
            <Select
              label="Image of the project"
              size="sm"
              className="min-w-0 flex-1 text-xs"
              placeholder={images.error ? "Couldn't load the images" : "Choose an image…"}
              isDisabled={options.length === 0}
              value={options.some((option) => option.value === value) ? value : ""}
              onChange={onChange}
              options={options}
            />
            <input
              ref={picker}
              type="file"
              hidden
              aria-label="Image to upload"
              accept="image/*"
              onChange={(event) => {
                const [file] = event.target.files ?? [];
                event.target.value = "";
                if (file) void upload(file);
              }}
            />
            <Button size="sm" icon={<Upload size={14} />} disabled={isUploading} onClick={() => picker.current?.click()}>
              {isUploading ? "Uploading…" : "Upload"}
            </Button>
          </div>
        ) : null}
      </div>
    </Field>
  );
}
