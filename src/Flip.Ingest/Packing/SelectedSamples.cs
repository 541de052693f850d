using System.Text.Json;
using Flip.Ingest.Formats;
using Flip.Ingest.Selection;

namespace Flip.Ingest.Packing;

/// <summary>Leaves out samples that a selection does not name, before anything of them is decoded.</summary>
internal static class SelectedSamples
{
    /// <summary>Cause of a sample that is not named.</summary>
    public const string NotSelected = "not selected";

    private const string Uid = "uid";
    private const string Key = "key";

    /// <summary>Why a sample is left out; null where it is selected. One that cannot be read, so that nothing tells what it is called, is left out for that.</summary>
    public static BadSource? Drop(SampleSelection selection, SourcePair pair)
    {
        string[] names = [.. NamesOf(selection.Column, pair)];
        return names.Any(selection.Contains) ? null
            : names.Length == 0 && pair.Problem is not null ? pair.Problem
            : new BadSource(NotSelected, names.Length == 0 ? $"it has no {selection.Column}" : $"its {selection.Column} '{names[0]}' is not in the selection");
    }

    /// <summary>How many samples of a selection the source lacked, as far as its entries are of different names.</summary>
    public static long Missing(SampleSelection selection, PackState state) =>
        Math.Max(0, selection.Count - (state.Entries - state.Dropped.GetValueOrDefault(NotSelected)));

    /// <summary>What a sample is called: its field, and what the source calls it, with its shard's name and without. Of uids what is one.</summary>
    private static IEnumerable<string> NamesOf(string column, SourcePair pair)
    {
        IEnumerable<string> own = column is Uid or Key ? [pair.Key, pair.Key[(pair.Key.LastIndexOf('/') + 1)..]] : [];
        var names = pair.Fields.TryGetValue(column, out var field) && field.ValueKind is JsonValueKind.String or JsonValueKind.Number ? own.Prepend(field.ToString()) : own;
        return column == Uid ? names.Where(name => UidFile.TryParse(name, out _)) : names;
    }
}
