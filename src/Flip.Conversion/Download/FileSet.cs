using Flip.Io;

namespace Flip.Conversion.Download;

/// <summary>Brings files into a folder one after the other and tells how far all of them are.</summary>
/// <param name="transfer">Brings one.</param>
/// <param name="options">Progress and the disk.</param>
/// <param name="folder">The folder.</param>
internal sealed class FileSet(FileTransfer transfer, DownloadOptions options, string folder)
{
    /// <summary>Brings those files that are not here yet.</summary>
    /// <exception cref="DownloadException">The disk has no room for them, or one cannot be had.</exception>
    /// <exception cref="ForeignEntryException">A folder that one goes to is a link.</exception>
    public async Task<IReadOnlyList<DownloadedFile>> BringAsync(IReadOnlyList<RemoteFile> files, CancellationToken cancellation)
    {
        var places = files.Select(file => file.PathIn(folder)).ToList();
        Directory.CreateDirectory(folder);
        places.ForEach(place => OwnEntries.RequireWay(folder, place));
        var total = Total(files);
        var brought = new DownloadedFile?[files.Count];
        var done = 0L;
        for (var i = 0; i < files.Count; i++)
        {
            options.Progress?.Report(new DownloadProgress(files[i].Name, IsChecking: true, done, total));
            if (await FileTransfer.IsPresentAsync(files[i], places[i], cancellation))
            {
                brought[i] = Describe(files[i], new FileInfo(places[i]).Length, wasPresent: true);
                done += brought[i]!.Size;
            }
        }

        RequireRoom(Enumerable.Range(0, files.Count).Where(i => brought[i] is null).Sum(i => (files[i].Size ?? 0) - PartLength(places[i])));
        for (var i = 0; i < files.Count; i++)
        {
            if (brought[i] is null)
            {
                var (file, before) = (files[i], done);
                var size = await transfer.BringAsync(
                    file,
                    places[i],
                    rest => RequireRoom(rest),
                    (bytes, isChecking) => options.Progress?.Report(new DownloadProgress(file.Name, isChecking, before + bytes, total)),
                    cancellation);
                brought[i] = Describe(file, size, wasPresent: false);
                done += size;
            }
        }

        return brought!;
    }

    private static DownloadedFile Describe(RemoteFile file, long size, bool wasPresent) => new(file.Name, size, file.Digest.ToString(), wasPresent);

    private static decimal PartLength(string place) => File.Exists(place + ".part") ? new FileInfo(place + ".part").Length : 0;

    /// <summary>A listing may name sizes whose sum is beyond any number of bytes; then the disk is too small, which is said later.</summary>
    private static long? Total(IReadOnlyList<RemoteFile> files) => files.All(file => file.Size is not null)
        ? (long)decimal.Min(files.Sum(file => (decimal)file.Size!.Value), long.MaxValue)
        : null;

    private void RequireRoom(decimal bytes)
    {
        if (options.FreeSpace(folder) is var free && bytes > free)
        {
            throw new DownloadException(FormattableString.Invariant(
                $"{folder}: {bytes / (1 << 20):N0} MiB are still to come, and the disk has {(decimal)free / (1 << 20):N0} MiB free."));
        }
    }
}
