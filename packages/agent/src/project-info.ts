export interface ProjectInfo {
  id: string;
  name: string;
  description: string;
  owner_id: string;
  created_at: string;
  updated_at: string;
  containers: {
    name: string;
    directory: string;
    framework?: string | null;
    status: string;
    port?: number | null;
    url?: string | null;
    env_names?: string[];
  }[];
  /** `source` gets the address of `target`, for example through environment variables. */
  connections?: { source: string; target: string; type: string }[];
  git?: {
    branch: string;
    remote_url?: string | null;
    changed_files?: number;
    ahead?: number;
    behind?: number;
    last_commit?: string | null;
    auto_push?: boolean;
  } | null;
}

/** The preview pane as text. */
export interface PreviewState {
  url: string | null;
  status: string;
  /** Newest last. */
  console_errors: string[];
  failed_requests?: string[];
  last_logs: string[];
}
