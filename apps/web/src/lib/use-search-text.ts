import { useEffect, useState } from "react";
import { useHandler } from "./use-handler.ts";

/**
 * The text of a search box whose words stand in the address. What is typed goes there when the typing pauses; what comes from there, such as
 * Back, a link, or a cleared filter, is shown here.
 */
export function useSearchText(inAddress: string, change: (words: string) => void, pauseMs = 250): [string, (text: string) => void] {
  // `written`: what we wrote into the address and have not seen there yet; seeing it changes no box in which someone types on.
  const [box, setBox] = useState<{ text: string; address: string; written: string[] }>({
    text: inAddress,
    address: inAddress,
    written: [],
  });
  if (box.address !== inAddress) {
    const at = box.written.indexOf(inAddress);
    setBox(
      at < 0
        ? { text: inAddress, address: inAddress, written: [] }
        : { text: box.text, address: inAddress, written: box.written.slice(at + 1) },
    );
  }
  const words = box.text.trim();
  const isWritten = words === (box.written.at(-1) ?? box.address);
  const write = useHandler(change);
  useEffect(() => {
    if (isWritten) return undefined;
    const timer = setTimeout(() => {
      setBox((now) => ({ ...now, written: [...now.written, words] }));
      write(words);
    }, pauseMs);
    return () => clearTimeout(timer);
  }, [words, isWritten, pauseMs, write]);
  return [box.text, (text) => setBox((now) => ({ ...now, text }))];
}
