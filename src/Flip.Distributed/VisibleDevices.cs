using System.Globalization;

namespace Flip.Distributed;

/// <summary>Which GPU a rank takes: one process a GPU.</summary>
internal static class VisibleDevices
{
    /// <summary>Environment variable with the GPUs that CUDA shows.</summary>
    public const string Variable = "CUDA_VISIBLE_DEVICES";

    /// <summary>The list for a rank; null where it stays as it is, since the launcher has chosen or has hidden all.</summary>
    /// <param name="list">The variable's value; null where it is not set.</param>
    /// <param name="localRank">The rank's number on its machine.</param>
    public static string? Of(string? list, int localRank)
    {
        if (list is null)
        {
            return localRank.ToString(CultureInfo.InvariantCulture);
        }

        var entries = list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return entries.Length <= 1 ? null : localRank < entries.Length ? entries[localRank] : "";
    }
}
