import { useEffect, useState } from "react";

/** The frame is a phone's (styles.css: `narrow`). */
export function useIsNarrow(): boolean {
  const [isNarrow, setIsNarrow] = useState(() => matchMedia("(width <= 640px)").matches);
  useEffect(() => {
    const media = matchMedia("(width <= 640px)");
    const onChange = () => setIsNarrow(media.matches);
    media.addEventListener("change", onChange);
    return () => media.removeEventListener("change", onChange);
  }, []);
  return isNarrow;
}
