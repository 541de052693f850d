using System.Diagnostics;
using System.Text;
using Flip.Storage;

namespace Flip.Tests.Storage;

/// <summary>Headers of safetensors files that claim much.</summary>
public sealed class SafetensorsLimitTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_header_beyond_the_limit_is_refused_before_it_is_read()
    {
        var path = _folder.File("x.safetensors");
        using (var file = File.Create(path))
        {
            file.Write(BitConverter.GetBytes(83_000_000L));
            file.Write("{\""u8);
            file.SetLength(90_000_000);
        }

        Assert.Contains("a header of 83000000 bytes, and at most 16777216 are read", Refused(path), StringComparison.Ordinal);
    }

    [Fact]
    public void More_tensors_than_any_model_has_are_refused()
    {
        var header = new StringBuilder("{");
        for (var i = 0; i <= SafetensorsHeader.MaxTensors; i++)
        {
            header.Append(i > 0 ? "," : "").Append(System.Globalization.CultureInfo.InvariantCulture, $"\"{i}\":{{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}");
        }

        Assert.Contains("more than 200000 tensors", Refused(Write(header.Append('}').ToString())), StringComparison.Ordinal);
    }

    [Fact]
    public void A_header_of_nothing_but_lists_takes_no_memory_and_no_time()
    {
        var path = Write("{\"a\":{\"x\":[" + string.Join(',', Enumerable.Repeat("[]", 5_000_000)) + "]}}");
        var (before, clock) = (GC.GetAllocatedBytesForCurrentThread(), Stopwatch.StartNew());
        Assert.Contains("dtype, shape and two data_offsets", Refused(path), StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 20_000_000); // the header itself
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 5);
    }

    [Theory]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]},\"a\":{}}", "duplicate|twice")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[0],\"shape\":[0],\"data_offsets\":[0,0]}}", "twice")]
    [InlineData("{\"__metadata__\":{\"x\":\"\\ud800\"}}", "no valid JSON")]
    [InlineData("{\"\\ud800\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}", "no valid JSON")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[1e999],\"data_offsets\":[0,0]}}", "dtype, shape and two data_offsets")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[9223372036854775807,9223372036854775807],\"data_offsets\":[0,0]}}", "does not take the 0 bytes")]
    [InlineData("{\"a\":7}", "dtype, shape and two data_offsets")]
    [InlineData("{}{}", "no valid JSON")]
    [InlineData("[]", "no JSON object")]
    public void A_header_that_contradicts_itself_is_refused(string header, string problem) =>
        Assert.Contains(problem.Split('|'), part => Refused(Write(header)).Contains(part, StringComparison.Ordinal));

    private static string Refused(string path) => Assert.Throws<CheckpointFormatException>(() => new SafetensorsReader(path).Dispose()).Message;

    private string Write(string header)
    {
        var path = _folder.File("x.safetensors");
        var bytes = Encoding.UTF8.GetBytes(header);
        File.WriteAllBytes(path, [.. BitConverter.GetBytes((long)bytes.Length), .. bytes]);
        return path;
    }
}
