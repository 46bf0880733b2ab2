/**
 * Finds and opens llama.cpp's prebuilt libraries, which come as npm packages, one per platform and
 * accelerator. This folder and the host process are the only places that touch native code.
 */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import koffi, { type LibraryHandle } from 'koffi';
import { GradusError } from '../../../kernel/errors.ts';
import { candidatePackages, findInstalledPackages } from './packages.ts';

export interface NativeLibraries {
  readonly llama: LibraryHandle;
  readonly ggml: LibraryHandle;
  readonly ggmlBase: LibraryHandle;
  readonly directory: string;
  /** The npm package that the libraries came from. */
  readonly packageName: string;
}

/**
 * Opens the first package whose libraries load. Throws `model-load-failed` that names the packages that
 * would serve this platform when none does.
 */
export function openLibraries(platform: string, arch: string): NativeLibraries {
  const failures: string[] = [];
  for (const { packageName, directory } of findInstalledPackages(platform, arch)) {
    try {
      return { ...openDirectory(directory), directory, packageName };
    } catch (error) {
      failures.push(`${packageName}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new GradusError('model-load-failed', {
    message:
      failures.length > 0
        ? `llama.cpp's libraries could not be opened: ${failures.join('; ')}.`
        : `No llama.cpp libraries are installed for ${platform} ${arch}; install one of: npm install ${candidatePackages(platform, arch).join(' | ')}.`,
  });
}

function openDirectory(directory: string): Pick<NativeLibraries, 'llama' | 'ggml' | 'ggmlBase'> {
  const files = readdirSync(directory);
  // File names carry the release in some versions: libllama.so, libllama.v0.5.0.so, llama.dll.
  const open = (stem: string): LibraryHandle => {
    const pattern = new RegExp(String.raw`^(lib)?${stem}(\.v[\d.]+\d)?\.(so|dylib|dll)$`);
    const file = files.find((name) => pattern.test(name));
    if (file === undefined) throw new Error(`no library ${stem} in ${directory}`);
    return koffi.load(path.join(directory, file), { global: false });
  };
  return { ggmlBase: open('ggml-base'), ggml: open('ggml'), llama: open('llama') };
}
