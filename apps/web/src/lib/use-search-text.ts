import { useEffect, useState } from "react";
import { useHandler } from "./use-handler.ts";

/**
 * The text of a search box whose words stand in the address. What is typed goes there when the typing pauses; what comes from there, such as
 * Back, a link, or a cleared filter, is shown here.
 */
export function useSearchText(inAddress: string, change: (words: string) => void, pauseMs = 250): [string, (text: string) => void] {
  // `told`: what we wrote into the address and have not seen there yet; seeing it changes no box in which somebody types on.
  const [box, setBox] = useState<{ text: string; address: string; told: string[] }>({ text: inAddress, address: inAddress, told: [] });
  if (box.address !== inAddress) {
    const at = box.told.indexOf(inAddress);
    setBox(
      at < 0 ? { text: inAddress, address: inAddress, told: [] } : { text: box.text, address: inAddress, told: box.told.slice(at + 1) },
    );
  }
  const words = box.text.trim();
  const isTold = words === (box.told.at(-1) ?? box.address);
  const tell = useHandler(change);
  useEffect(() => {
    if (isTold) return undefined;
    const timer = setTimeout(() => {
      setBox((now) => ({ ...now, told: [...now.told, words] }));
      tell(words);
    }, pauseMs);
    return () => clearTimeout(timer);
  }, [words, isTold, pauseMs, tell]);
  return [box.text, (text) => setBox((now) => ({ ...now, text }))];
}
