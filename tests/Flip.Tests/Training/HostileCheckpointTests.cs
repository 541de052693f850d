using Flip.Storage;

namespace Flip.Tests.Training;

/// <summary>Checkpoints that a stranger has changed.</summary>
public sealed class HostileCheckpointTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("\"samples\": 32", "\"samples\": -1")]
    [InlineData("\"samples\": 32", "\"samples\": 9223372036854775807")]
    [InlineData("\"samples\": 32", "\"samples\": 1e999")]
    [InlineData("\"samples\": 32", "\"samples\": 32, \"samples\": 32")]
    [InlineData("\"badSamples\": {}", "\"badSamples\": { \"\\ud800\": 1 }")]
    [InlineData("\"badSamples\": {}", "\"badSamples\": null")]
    [InlineData("{", "[[")]
    public void A_state_that_no_training_has_is_refused(string text, string change)
    {
        TinyRun.Losses(TinyRun.Config, _folder.Path);
        var checkpoint = Directory.GetDirectories(_folder.Path).Order().First();
        var state = Path.Combine(checkpoint, "state.json");
        var whole = File.ReadAllText(state);
        var place = whole.IndexOf(text, StringComparison.Ordinal);
        Assert.True(place >= 0, whole);
        File.WriteAllText(state, whole[..place] + change + whole[(place + text.Length)..]);
        var error = Assert.Throws<CheckpointFormatException>(() => TinyRun.Losses(TinyRun.Config, _folder.Path, checkpoint));
        Assert.Contains("state.json", error.Message, StringComparison.Ordinal);
    }
}
