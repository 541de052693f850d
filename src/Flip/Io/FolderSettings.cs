using System.Text.Encodings.Web;
using System.Text.Json;

namespace Flip.Io;

/// <summary>The settings that the contents of a folder depend on, as a file in it: who goes on with the work has the same.</summary>
internal static class FolderSettings
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes the settings into a folder that has none, and compares them in one that has.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="file">The file's name.</param>
    /// <param name="settings">The settings, by name.</param>
    /// <param name="work">What the folder is of, for the message: <c>download</c>.</param>
    /// <exception cref="ConfigException">The folder is of other settings, or the file is damaged.</exception>
    public static void Require(string folder, string file, SortedDictionary<string, string> settings, string work)
    {
        var path = Path.Combine(folder, file);
        if (!File.Exists(path))
        {
            AtomicFile.WriteText(path, JsonSerializer.Serialize(settings, Indented) + "\n");
            return;
        }

        Dictionary<string, string>? there;
        try
        {
            there = JsonSerializer.Deserialize<Dictionary<string, string>>(JsonInput.Read(path).Span);
        }
        catch (JsonException e)
        {
            throw new ConfigException($"'{path}': {e.Message} It says what the folder is a {work} of; name another folder.");
        }

        var differing = settings.Where(setting => there?.GetValueOrDefault(setting.Key) != setting.Value)
            .Select(setting => $"{setting.Key} was '{there?.GetValueOrDefault(setting.Key)}' and is '{setting.Value}'").ToList();
        if (differing.Count > 0)
        {
            throw new ConfigException($"--out {folder}: holds another {work}: {string.Join("; ", differing)}. Name another folder, or the same settings to go on.");
        }
    }
}
