using System.Globalization;

namespace Flip.Io;

/// <summary>A folder that several processes fill without a coordinator: each holds its part, 3 of 16, and nobody else has it.</summary>
internal static class FolderParts
{
    /// <summary>Takes a part. What a run left that divided the work otherwise, and has ended, goes.</summary>
    /// <param name="work">A folder for this alone, in the one that is filled.</param>
    /// <param name="part">The part, from 1.</param>
    /// <param name="parts">How many there are.</param>
    /// <exception cref="FolderInUseException">Another process has this part, or the folder in other parts.</exception>
    public static FolderLock Take(string work, int part, int parts)
    {
        var of = string.Create(CultureInfo.InvariantCulture, $"-of-{parts}");
        var held = FolderLock.Take(Path.Combine(work, string.Create(CultureInfo.InvariantCulture, $"part-{part}{of}")));
        try
        {
            foreach (var other in Directory.EnumerateDirectories(work, "part-*").Where(place => !place.EndsWith(of, StringComparison.Ordinal)))
            {
                FolderLock.Take(other).DeleteFolder();
            }

            return held;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Lets go of a part that is finished, and of the folder where no other part is in the making.</summary>
    public static void Complete(FolderLock held, string work)
    {
        ArgumentNullException.ThrowIfNull(held);
        held.DeleteFolder();
        try
        {
            Directory.Delete(work);
        }
        catch (IOException)
        {
            // Other parts are in the making.
        }
    }
}
