import { createThemes, createThemesStore, mountThemes, type Themes } from "../features/themes/index.ts";
import type { Area } from "./area.ts";
import type { Platform } from "./platform.ts";

/** What people share and how it looks to them. */
export interface CommunityArea extends Area {
  themes: Themes;
}

export function composeCommunity({ db, limits }: Platform): CommunityArea {
  const themes = createThemes({ store: createThemesStore(db), limits });
  return {
    themes,
    mount(mount) {
      mountThemes(mount, { themes });
    },
  };
}
