using System.Collections.Frozen;
using System.Globalization;
using System.Text.RegularExpressions;
using Flip.Storage;

namespace Flip.Conversion.Names;

/// <summary>One row of a table of names.</summary>
/// <param name="Ours">Our name; <c>{n}</c> stands for a block's number.</param>
/// <param name="Theirs">The format's name; <c>{n}</c> for the number, <c>{nn}</c> for one of two digits, <c>(q|k|v)</c> for several tensors.</param>
/// <param name="Layout">How the format lays it out.</param>
internal sealed record NameRow(string Ours, string Theirs, TensorLayout Layout)
{
    public NameRow(string ours, string theirs)
        : this(ours, theirs, TensorLayout.Same)
    {
    }

    /// <summary>How the parameter is divided among several tensors, see <see cref="StoredParameter.Shares"/>; empty for equal parts.</summary>
    public IReadOnlyList<int> Shares { get; init; } = [];
}

/// <summary>A format's names as a table that is read both ways.</summary>
internal sealed partial class NameTable : IWeightNames
{
    private readonly FrozenDictionary<string, NameRow> _rows;
    private readonly string[] _ignored;

    /// <param name="rows">A row for each kind of parameter that the format can hold.</param>
    /// <param name="ignored">Last parts of the names of tensors that are no weights.</param>
    public NameTable(IEnumerable<NameRow> rows, params string[] ignored)
    {
        _rows = rows.ToFrozenDictionary(row => row.Ours);
        _ignored = ignored;
    }

    /// <inheritdoc/>
    public StoredParameter? Find(string parameter)
    {
        var number = BlockNumber().Match(parameter);
        var pattern = number.Success ? BlockNumber().Replace(parameter, ".blocks.{n}.") : parameter;
        if (!_rows.TryGetValue(pattern, out var row))
        {
            return null;
        }

        var block = number.Success ? int.Parse(number.Groups[1].Value, CultureInfo.InvariantCulture) : 0;
        var theirs = row.Theirs
            .Replace("{n}", block.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("{nn}", block.ToString("00", CultureInfo.InvariantCulture), StringComparison.Ordinal);
        var parts = Alternatives().Match(theirs);
        return new StoredParameter(
            parts.Success ? [.. parts.Groups[1].Value.Split('|').Select(part => Alternatives().Replace(theirs, part))] : [theirs],
            row.Layout)
        {
            Shares = row.Shares,
        };
    }

    /// <inheritdoc/>
    public bool Ignores(string name) =>
        _ignored.Any(ending => name == ending || name.EndsWith("." + ending, StringComparison.Ordinal));

    /// <summary>Rows of both parameters of a LayerNorm or a product whose layout is ours.</summary>
    public static IEnumerable<NameRow> WeightAndBias(string ours, string theirs) =>
        [new($"{ours}.weight", $"{theirs}.weight"), new($"{ours}.bias", $"{theirs}.bias")];

    [GeneratedRegex(@"\.blocks\.(\d+)\.")]
    private static partial Regex BlockNumber();

    [GeneratedRegex(@"\(([^)]*)\)")]
    private static partial Regex Alternatives();
}
