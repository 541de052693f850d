using Flip.Data.Images;
using Flip.Randomness;

namespace Flip.Tests.Data.Images;

public class JpegMarkersTests
{
    public static TheoryData<string> Progressive => ["progressive", "progressive-444", "progressive-gray", "progressive-cmyk"];

    [Theory]
    [MemberData(nameof(Progressive))]
    public void A_progressive_file_that_is_cut_anywhere_is_refused_in_every_way(string name)
    {
        var jpeg = TestJpeg.Progressive(name);
        DecodingWays.CheckEveryCut(jpeg, step: 37);
        foreach (var percent in new[] { 20, 35, 50, 75, 95 })
        {
            var error = Assert.Throws<BadImageException>(() => ImageDecoder.Decode(jpeg.AsSpan(0, jpeg.Length * percent / 100)));
            Assert.Equal(BadImageException.Truncated, error.Cause);
        }
    }

    [Fact]
    public void So_is_a_baseline_file_also_below_the_rectangle_that_is_read() => DecodingWays.CheckEveryCut(TestJpeg.Baseline(), step: 37);

    [Fact]
    public void So_is_one_whose_components_have_scans_of_their_own() => DecodingWays.CheckEveryCut(TestJpeg.NonInterleaved(), step: 23);

    [Fact]
    public void So_is_one_with_restart_markers() => DecodingWays.CheckEveryCut(TestJpeg.WithRestarts(), step: 23);

    [Fact]
    public void The_end_of_a_thumbnail_is_not_that_of_the_image()
    {
        DecodingWays.CheckEveryCut(TestJpeg.WithThumbnail(TestJpeg.Baseline()), step: 41);
        DecodingWays.CheckEveryCut(TestJpeg.WithThumbnail(TestJpeg.Progressive("progressive")), step: 41);
    }

    [Fact]
    public void A_file_padded_with_zeros_where_it_was_cut_is_truncated()
    {
        foreach (var jpeg in new[] { TestJpeg.Baseline(), TestJpeg.Progressive("progressive") })
        {
            Assert.Equal(BadImageException.Truncated, DecodingWays.Cause([.. jpeg[..(jpeg.Length / 2)], .. new byte[jpeg.Length / 2]]));
        }
    }

    [Fact]
    public void Fill_bytes_before_markers_are_passed_over()
    {
        var jpeg = TestJpeg.Baseline();
        byte[] filled = [.. jpeg[..2], 0xFF, 0xFF, .. jpeg[2..^2], 0xFF, 0xFF, 0xFF, 0xD9];
        Assert.Null(DecodingWays.Cause(filled));
        Assert.Equal(BadImageException.Truncated, DecodingWays.Cause(filled[..^1]));
    }

    [Theory]
    [InlineData(0x5A)]
    [InlineData(0xC8)]
    [InlineData(0xD8)]
    [InlineData(0xF0)]
    public void A_marker_that_has_no_place_among_the_pixels_is_corrupt(byte code)
    {
        var jpeg = TestJpeg.Baseline();
        (jpeg[^40], jpeg[^39]) = (0xFF, code);
        Assert.Equal(BadImageException.Corrupt, DecodingWays.Cause(jpeg));
        Assert.Contains($"the marker FF{code:X2} before byte {jpeg.Length - 38}", Message(jpeg), StringComparison.Ordinal);
    }

    [Fact]
    public void A_segment_shorter_than_its_length_is_corrupt()
    {
        var jpeg = TestJpeg.Baseline();
        jpeg.AsSpan(jpeg.Length - 40, 4).Clear();
        (jpeg[^40], jpeg[^39], jpeg[^37]) = (0xFF, 0xFE, 1);
        Assert.Equal(BadImageException.Corrupt, DecodingWays.Cause(jpeg));
        Assert.Contains("the segment FFFE", Message(jpeg), StringComparison.Ordinal);
    }

    [Fact]
    public void Twelve_bits_a_sample_and_a_height_told_later_are_refused()
    {
        var jpeg = TestJpeg.Baseline();
        var frame = TestJpeg.Find(jpeg, 0xC0);
        byte[] deep = [.. jpeg[..(frame + 4)], 12, .. jpeg[(frame + 5)..]];
        Assert.Equal(BadImageException.Corrupt, DecodingWays.Cause(deep));
        byte[] later = [.. jpeg[..(frame + 5)], 0, 0, .. jpeg[(frame + 7)..^2], 0xFF, 0xDC, 0, 4, 0, 48, 0xFF, 0xD9];
        Assert.Equal(BadImageException.NotAnImage, DecodingWays.Cause(later));
    }

    [Fact]
    public void A_file_that_is_cut_in_its_header_is_truncated_too() =>
        Assert.Equal(BadImageException.Truncated, DecodingWays.Cause(TestJpeg.Baseline()[..30]));

    [Fact]
    public void The_header_of_a_cut_file_has_its_size() =>
        Assert.Equal((96, 72), ImageDecoder.ReadSize(TestJpeg.Progressive("progressive").AsSpan(0, 1500)));

    [Fact]
    public void Damaged_bytes_are_judged_alike_in_every_way_and_end()
    {
        byte[][] originals =
        [
            TestJpeg.Progressive("progressive"), TestJpeg.Progressive("progressive-cmyk"), TestJpeg.Baseline(), TestJpeg.NonInterleaved(), TestJpeg.WithRestarts(),
            TestJpeg.WithThumbnail(TestJpeg.Baseline()),
        ];
        var refused = 0;
        for (var trial = 0; trial < 900; trial++)
        {
            refused += DecodingWays.Cause(Mutation.Of(originals[trial % originals.Length], trial)) is null ? 0 : 1;
        }

        Assert.InRange(refused, 90, 810);
    }

    [Fact]
    public void Any_bytes_are_walked_to_an_answer()
    {
        for (var trial = 0; trial < 2000; trial++)
        {
            var random = new CounterRandom(5, RandomPurpose.Evaluation, item: trial);
            var bytes = new byte[random.NextInt(200)];
            foreach (ref var b in bytes.AsSpan())
            {
                b = random.NextInt(3) == 0 ? (byte)0xFF : (byte)random.NextInt(256);
            }

            JpegMarkers.FindDamage([0xFF, 0xD8, .. bytes]);
        }
    }

    private static string Message(byte[] jpeg) => Assert.Throws<BadImageException>(() => ImageDecoder.Decode(jpeg)).Message;
}
