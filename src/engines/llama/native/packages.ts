/** Which npm packages bring llama.cpp's prebuilt libraries for a platform, and which of them are installed. */
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

/** The packages that may hold the libraries on this platform, best first: accelerators before plain CPU. */
export function candidatePackages(platform: string, arch: string): readonly string[] {
  const key = platform === 'darwin' ? `mac-${arch}` : `${platform === 'win32' ? 'win' : platform}-${arch}`;
  const variants = platform === 'darwin' && arch === 'arm64' ? ['-metal'] : ['-cuda', '-vulkan', ''];
  return variants.map((variant) => `@node-llama-cpp/${key}${variant}`);
}

/** The installed packages among the candidates, each with its folder of libraries. */
export function findInstalledPackages(
  platform: string,
  arch: string,
): readonly { readonly packageName: string; readonly directory: string }[] {
  const require = createRequire(import.meta.url);
  const found: { packageName: string; directory: string }[] = [];
  for (const packageName of candidatePackages(platform, arch)) {
    // Looked up by folder: the packages do not export their library files.
    for (const modules of require.resolve.paths(packageName) ?? []) {
      const bins = path.join(modules, packageName, 'bins');
      const [folder] = existsSync(bins) ? readdirSync(bins) : [];
      if (folder === undefined) continue;
      found.push({ packageName, directory: path.join(bins, folder) });
      break;
    }
  }
  return found;
}
