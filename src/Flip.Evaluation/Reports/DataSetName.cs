using System.Text.RegularExpressions;
using Flip.Config;

namespace Flip.Evaluation.Reports;

/// <summary>Names of data sets begin names of files.</summary>
internal static partial class DataSetName
{
    /// <summary>The name, if it can begin a file's name on every system.</summary>
    /// <exception cref="ConfigException">It cannot.</exception>
    public static string Checked(string name) => Allowed().IsMatch(name)
        ? name
        : throw new ConfigException($"The data set's name '{name}' cannot name a file: up to 100 of a-z, A-Z, 0-9, '.', '_' and '-', not '.' at the start.");

    [GeneratedRegex(@"\A[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}\z")]
    private static partial Regex Allowed();
}
