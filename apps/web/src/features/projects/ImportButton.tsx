import { FolderInput } from "lucide-react";
import { Suspense, useState } from "react";
import { lazyComponent } from "../../lib/chunks.ts";
import { Button } from "../../ui/Button.tsx";
import { usePaletteSource } from "../../ui/page/palette.ts";

const ImportDialog = lazyComponent(async () => (await import("./ImportDialog.tsx")).ImportDialog);

/** Opens the import dialog; adds it to the palette too. */
export function ImportButton({ className }: { className?: string }) {
  const [isOpen, setIsOpen] = useState(false);
  usePaletteSource({
    id: "import",
    heading: "Projects",
    kind: "commands",
    list: () => [
      {
        id: "projects.import",
        title: "Import project",
        words: "github repository zip upload clone",
        icon: <FolderInput size={14} />,
        run: () => setIsOpen(true),
      },
    ],
  });
  return (
    <>
      <Button className={className} icon={<FolderInput size={14} />} onClick={() => setIsOpen(true)}>
        Import
      </Button>
      {isOpen ? (
        <Suspense fallback={null}>
          <ImportDialog onClose={() => setIsOpen(false)} />
        </Suspense>
      ) : null}
    </>
  );
}
