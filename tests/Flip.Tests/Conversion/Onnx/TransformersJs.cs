using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;

namespace Flip.Tests.Conversion.Onnx;

/// <summary>The npm package in Node, which <c>npm install</c> in <c>tests/transformers-js</c> gets; tests skip where it is not.</summary>
internal static class TransformersJs
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>Runs <c>embed.js</c> on a request, whose properties it names.</summary>
    public static JsonElement Embed(TemporaryFolder folder, object request)
    {
        var scripts = SharedData.Test("transformers-js");
        Assert.SkipUnless(
            Directory.Exists(Path.Combine(scripts, "node_modules", "@huggingface", "transformers")),
            "needs the npm package @huggingface/transformers: npm install in tests/transformers-js");
        var (asked, answered) = (folder.File("request.json"), folder.File("result.json"));
        File.WriteAllText(asked, JsonSerializer.Serialize(request, JsonSerializerOptions.Web));
        using var node = Start(Path.Combine(scripts, "embed.js"), asked, answered);
        var errors = node.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        if (!node.WaitForExit(Patience))
        {
            node.Kill(entireProcessTree: true);
            Assert.Fail("Node did not end.");
        }

        Assert.True(node.ExitCode == 0, errors.GetAwaiter().GetResult());
        return JsonDocument.Parse(File.ReadAllBytes(answered)).RootElement;
    }

    /// <summary>A table of numbers, row after row.</summary>
    public static float[] Numbers(this JsonElement table) =>
        [.. table.EnumerateArray().SelectMany(row => row.EnumerateArray()).Select(number => number.GetSingle())];

    private static Process Start(params string[] arguments)
    {
        try
        {
            return Process.Start(new ProcessStartInfo("node", arguments) { RedirectStandardError = true })!;
        }
        catch (Win32Exception)
        {
            Assert.Skip("needs Node");
            throw;
        }
    }
}
